; Echoes what the keyboard sends: each scan code in hexadecimal, a line each, to the first serial port and on the screen.
;
;     nasm -f bin -o keyboard.bin keyboard.asm
;
; Says "ready" when it listens, and ends when Esc is released (code 81).

        cpu     8086
        org     0x7c00

pic1    equ     0x20
com     equ     0x3f8
data    equ     0x60                    ; keyboard controller
command equ     0x64
escape  equ     0x81

start:  jmp     0x0000:main
main:   cli
        cld
        xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     sp, start

; IRQ 1 only, as interrupt 09.
        mov     word [0x09 * 4], on_key
        mov     word [0x09 * 4 + 2], 0
        mov     al, 0x11
        out     pic1, al
        mov     al, 0x08
        out     pic1 + 1, al
        mov     al, 0x04
        out     pic1 + 1, al
        mov     al, 0x01
        out     pic1 + 1, al
        mov     al, 0xfd
        out     pic1 + 1, al

; Serial port: 115200 8N1, without interrupts.
        mov     dx, com + 3
        mov     al, 0x80
        out     dx, al
        mov     dx, com
        mov     al, 1
        out     dx, al
        inc     dx
        xor     al, al
        out     dx, al
        mov     dx, com + 3
        mov     al, 0x03
        out     dx, al
        mov     dx, com + 1
        xor     al, al
        out     dx, al

        call    screen_init

; Keyboard controller: scan codes of set 1, by IRQ 1. Then the keyboard is told to send, and acknowledges.
        call    drain
        mov     al, 0x60                ; command byte follows
        call    send_command
        mov     al, 0x65                ; translation, no mouse, system flag, IRQ 1
        call    send_data
        mov     al, 0xae                ; keyboard interface on
        call    send_command
        mov     al, 0xf4                ; scanning on
        call    send_data
        xor     cx, cx                  ; a keyboard that is not there acknowledges nothing
.acknowledge:
        in      al, command
        test    al, 0x01
        loopz   .acknowledge
        jz      .ready
        in      al, data
.ready: call    drain
        mov     si, text_ready
        call    put_text
        sti

.next:  cli
        mov     bl, [ring_out]
        cmp     bl, [ring_in]
        jne     .code
        sti                             ; takes effect behind HLT
        hlt
        jmp     .next
.code:  sti
        xor     bh, bh
        mov     al, [ring + bx]
        inc     bl
        mov     [ring_out], bl
        push    ax
        call    put_byte
        mov     si, text_line
        call    put_text
        pop     ax
        cmp     al, escape
        jne     .next
        mov     si, text_end
        call    put_text
        mov     dx, com + 5             ; the last byte has left
.last:  in      al, dx
        test    al, 0x40
        jz      .last
        cli
.stop:  hlt
        jmp     .stop

; Puts the scan code into the ring; what finds it full is dropped.
on_key: push    ax
        push    bx
        push    ds
        xor     ax, ax
        mov     ds, ax
        in      al, data
        xor     bh, bh
        mov     bl, [ring_in]
        mov     [ring + bx], al
        inc     bl
        cmp     bl, [ring_out]
        je      .full
        mov     [ring_in], bl
.full:  mov     al, 0x20
        out     pic1, al
        pop     ds
        pop     bx
        pop     ax
        iret

; Reads away what the controller holds, at most 16 bytes.
drain:  mov     cx, 16
.next:  in      al, command
        test    al, 0x01
        jz      .end
        in      al, data
        loop    .next
.end:   ret

; Send AL when the controller takes it.
send_command:
        call    wait_input
        out     command, al
        ret
send_data:
        call    wait_input
        out     data, al
        ret

wait_input:
        push    ax
        xor     cx, cx
.next:  in      al, command
        test    al, 0x02
        loopnz  .next
        pop     ax
        ret

; Writes the bytes from SI to a 0.
put_text:
        lodsb
        or      al, al
        jz      .end
        call    put
        jmp     put_text
.end:   ret

; Writes AL in hexadecimal.
put_byte:
        aam     16
        push    ax
        mov     al, ah
        call    .digit
        pop     ax
.digit: cmp     al, 10
        sbb     al, 0x69                ; with DAS, the shortest way from a digit to its letter
        das
        or      al, 0x20                ; a small one
        ; falls into put

; Writes AL to the screen and to the serial port.
put:    call    screen_put
        push    dx
        push    ax
        mov     dx, com + 5
.wait:  in      al, dx
        test    al, 0x20
        jz      .wait
        pop     ax
        mov     dx, com
        out     dx, al
        pop     dx
        ret

%include "screen.inc"

text_ready:     db      'ready', 13, 10, 0
text_end:       db      'end', 13, 10, 0
text_line:      db      13, 10, 0

ring_in:        db      0
ring_out:       db      0
ring:   times 256 db 0
