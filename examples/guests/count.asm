; A boot sector that counts: writes the numbers 1 to 1000 in decimal, one a line, to the first serial port, and halts.
;
;     nasm -f bin -o count.bin count.asm
;
; It needs no firmware: an 8086, RAM, and a port at 0x3F8 that takes bytes.

        cpu     8086
        org     0x7c00

port    equ     0x3f8
last    equ     1000

start:  jmp     0x0000:main
main:   cli
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, start
        sti
        cld

next:   inc     word [count]
        mov     ax, [count]
        call    write
        cmp     word [count], last
        jb      next
        mov     si, done
        call    print
stop:   hlt
        jmp     stop

; Writes AX in decimal and ends the line.
write:  mov     di, digits_end
        mov     bx, 10
digit:  xor     dx, dx
        div     bx
        add     dl, '0'
        dec     di
        mov     [di], dl
        test    ax, ax
        jnz     digit
        mov     si, di
        call    print
        mov     si, line
; Writes the bytes from SI to a 0.
print:  mov     dx, port
.more:  lodsb
        or      al, al
        jz      .end
        out     dx, al
        jmp     .more
.end:   ret

line:   db      13, 10, 0
done:   db      'done', 13, 10, 0
count:  dw      0
digits: times 5 db 0
digits_end:
        db      0

        times   510 - ($ - $$) db 0
        dw      0xaa55
