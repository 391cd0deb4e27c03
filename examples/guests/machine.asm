; Keeps the devices of a PC busy and says of each whether all is as it must be: a guest that shows any loss of state.
;
;     nasm -f bin -o machine.bin machine.asm
;     nasm -f bin -DLINES=20 -DTICKS=2 -DPOKES=128 -o machine-short.bin machine.asm
;
; What it writes to the first serial port, and on the screen, is a function of the line's number alone, however fast the
; host and whenever interrupts come. README.md beside this file describes it.

        cpu     8086
        org     0x7c00

%ifndef LINES
%define LINES   200                     ; lines to write
%endif
%ifndef TICKS
%define TICKS   5                       ; ticks of the timer, of 10 ms, from line to line
%endif
%ifndef POKES
%define POKES   256                     ; words of the tested memory that a line changes
%endif

; Ports
pic1    equ     0x20                    ; interrupt controllers
pic2    equ     0xa0
pit     equ     0x40                    ; timer
cmos    equ     0x70                    ; clock
com     equ     0x3f8                   ; serial port
dma     equ     0x00                    ; DMA controllers
dma2    equ     0xc0
page1   equ     0x83                    ; page of DMA channel 1

; What the devices are programmed to, and must then still be
mask1   equ     0xca                    ; IRQ 0, 2 (cascade), 4, 5
mask2   equ     0xfe                    ; IRQ 8
reload  equ     11932                   ; 1193182 Hz / 100
tone    equ     1000                    ; channel 2
rtc_a   equ     0x29                    ; 32768 Hz, 128 interrupts a second
rtc_b   equ     0x52                    ; periodic and update-ended interrupts; BCD, 24 hours
cmos_at equ     0x50                    ; eight bytes of CMOS RAM with a pattern
com_lcr equ     0x03                    ; 8N1
com_mcr equ     0x0b                    ; DTR, RTS, OUT2
buffer  equ     0xa500                  ; DMA buffer, 256 bytes at 6A500
buffer_page     equ     6

; The tested memory: 256 KiB from 10000
tested  equ     0x1000
blocks  equ     128                     ; of 2 KiB

; Longest silence of a device, in ticks
periodic_limit  equ     10 * TICKS
noise_limit     equ     10 * TICKS
update_limit    equ     300

start:  jmp     0x0000:main
main:   cli
        cld
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, start

; Interrupts: all are strangers but ours.
        xor     di, di
        mov     cx, 256
.vector:
        mov     ax, stranger
        stosw
        xor     ax, ax
        stosw
        loop    .vector
        mov     word [0x08 * 4], on_timer
        mov     word [0x0c * 4], on_serial
        mov     word [0x0d * 4], on_noise
        mov     word [0x0f * 4], on_spurious1
        mov     word [0x70 * 4], on_clock
        mov     word [0x77 * 4], on_spurious2
        mov     al, 0x11                ; edges, cascade, ICW4 follows
        out     pic1, al
        out     pic2, al
        mov     al, 0x08
        out     pic1 + 1, al
        mov     al, 0x70
        out     pic2 + 1, al
        mov     al, 0x04                ; the second one is at IRQ 2
        out     pic1 + 1, al
        mov     al, 0x02
        out     pic2 + 1, al
        mov     al, 0x01                ; 8086, ends of interrupts are said
        out     pic1 + 1, al
        out     pic2 + 1, al
        mov     al, mask1
        out     pic1 + 1, al
        mov     al, mask2
        out     pic2 + 1, al

; Timer: channel 0 is a rate generator, channel 2 a square wave that runs but is not heard.
        mov     al, 0x34
        out     pit + 3, al
        mov     al, reload & 0xff
        out     pit, al
        mov     al, reload >> 8
        out     pit, al
        mov     al, 0xb6
        out     pit + 3, al
        mov     al, tone & 0xff
        out     pit + 2, al
        mov     al, tone >> 8
        out     pit + 2, al
        mov     al, 1
        out     0x61, al

; Clock, and a pattern in its RAM.
        mov     ax, rtc_a << 8 | 0x0a
        call    cmos_write
        mov     ax, rtc_b << 8 | 0x0b
        call    cmos_write
        mov     al, 0x0c                ; what was due is not
        call    cmos_read
        mov     cx, 8
        mov     ax, 0x35 << 8 | cmos_at
.cmos:  call    cmos_write
        inc     al
        add     ah, 0x1d
        loop    .cmos

; Serial port: 115200 8N1 with FIFOs.
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
        mov     al, com_lcr
        out     dx, al
        mov     dx, com + 2
        mov     al, 0xc7
        out     dx, al
        mov     dx, com + 4
        mov     al, com_mcr
        out     dx, al
        mov     dx, com + 1
        xor     al, al
        out     dx, al

; DMA: channel 1 writes to memory, in single mode, and begins again by itself.
        out     dma + 0x0d, al          ; resets
        out     dma2 + 0x1a, al
        mov     al, 0xc0                ; the first controller is cascaded at channel 4
        out     dma2 + 0x16, al
        xor     al, al
        out     dma2 + 0x14, al
        mov     al, 0x55
        out     dma + 0x0b, al
        mov     al, buffer & 0xff
        out     dma + 2, al
        mov     al, buffer >> 8
        out     dma + 2, al
        mov     al, 255
        out     dma + 3, al
        xor     al, al
        out     dma + 3, al
        mov     al, buffer_page
        out     page1, al
        mov     al, 1
        out     dma + 0x0a, al

        call    screen_init
        sti

; A pattern in the memory, while everything goes on.
        mov     dx, tested
        mov     ax, 0x1234
.fill:  mov     es, dx
        xor     di, di
        mov     cx, 0x8000
        rep     stosw
        add     ax, 0x9e37
        add     dx, 0x1000
        cmp     dx, tested + 0x4000
        jb      .fill

; Lines
.line:  inc     word [line]
.wait:  cli
        mov     ax, [ticks]
        sub     ax, [taken]
        cmp     ax, TICKS
        jae     .due
        sti                             ; takes effect behind HLT: no tick is missed between
        hlt
        jmp     .wait
.due:   sti
        add     word [taken], TICKS

        call    poke_memory
        mov     ax, [line]
        dec     ax
        call    sum_block

        mov     ax, [line]
        call    put_decimal
        mov     si, text_ticks
        call    put_text
        mov     ax, [taken]
        call    put_decimal
        mov     bx, checks
.check: mov     si, [bx]
        call    put_text
        push    bx
        call    [bx + 2]
        pop     bx
        mov     si, text_ok
        jz      .verdict
        mov     si, text_bad
.verdict:
        call    put_text
        add     bx, 4
        cmp     bx, checks_end
        jb      .check
        mov     si, text_sum
        call    put_text
        mov     ax, [sum]
        xor     ax, [sum + 2]
        call    put_word
        call    put_line

        mov     dx, com + 7             ; the scratch register remembers the line
        mov     al, [line]
        out     dx, al
        cmp     word [line], LINES
        jb      .line

; The end: all of the memory once more.
        xor     ax, ax
.block: push    ax
        call    sum_block
        pop     ax
        inc     ax
        cmp     ax, blocks
        jb      .block
        mov     si, text_end
        call    put_text
        mov     ax, [sum + 2]
        call    put_word
        mov     ax, [sum]
        call    put_word
        call    put_line
.drain: cli
        mov     al, [ring_in]
        cmp     al, [ring_out]
        je      .empty
        sti
        hlt
        jmp     .drain
.empty: mov     dx, com + 5             ; the last byte has left
        in      al, dx
        test    al, 0x40
        jz      .empty
        mov     al, 0xff
        out     pic1 + 1, al
        out     pic2 + 1, al
.stop:  hlt
        jmp     .stop

; ---------------------------------------------------------------------------------------------------------------------
; The memory test. A 32-bit shift register with feedback (x^32 + x^22 + x^2 + x + 1) goes on by one bit for each word it
; chooses. The running sum is 32 bits, and is rotated after each addition, so that order matters.

; Changes POKES words of the tested memory.
poke_memory:
        mov     cx, POKES
        mov     bx, [lfsr]
        mov     dx, [lfsr + 2]
.poke:  shr     dx, 1
        rcr     bx, 1
        jnc     .address
        xor     dx, 0x8020
        xor     bx, 0x0003
.address:
        mov     al, dl                  ; two bits choose the 64 KiB
        and     al, 3
        inc     al
        ror     al, 1
        ror     al, 1
        ror     al, 1
        ror     al, 1
        mov     ah, al
        xor     al, al
        mov     es, ax
        mov     di, bx
        and     di, 0xfffe
        mov     ax, [es:di]
        xor     ax, bx
        rol     ax, 1
        add     ax, dx
        mov     [es:di], ax
        call    add_word
        loop    .poke
        mov     [lfsr], bx
        mov     [lfsr + 2], dx
        ret

; Adds AX to the sum.
add_word:
        push    bx
        push    dx
        mov     bx, [sum]
        mov     dx, [sum + 2]
        add     bx, ax
        adc     dx, 0
        shl     bx, 1
        rcl     dx, 1
        adc     bx, 0
        mov     [sum], bx
        mov     [sum + 2], dx
        pop     dx
        pop     bx
        ret

; Adds the 1024 words of block AX, modulo the number of blocks.
sum_block:
        and     ax, blocks - 1
        mov     cl, 7
        shl     ax, cl                  ; 2 KiB are 0x80 paragraphs
        add     ax, tested
        mov     es, ax
        mov     bx, [sum]
        mov     dx, [sum + 2]
        xor     si, si
        mov     cx, 1024
.word:  es      lodsw
        add     bx, ax
        adc     dx, 0
        shl     bx, 1
        rcl     dx, 1
        adc     bx, 0
        loop    .word
        mov     [sum], bx
        mov     [sum + 2], dx
        ret

; ---------------------------------------------------------------------------------------------------------------------
; Checks return ZF when all is well. What was bad once stays bad.

%macro  must_be 2                       ; register or memory, value
        cmp     %1, %2
        je      %%well
        mov     byte [bad + check], 1
%%well:
%endmacro

%macro  verdict 0
        cmp     byte [bad + check], 0
        ret
%endmacro

; The clock: programmed as it was, RAM as written, no interrupt too much, none for too long.
check_rtc:
%assign check 0
        cli
        mov     al, 0x0a
        call    cmos_read
        and     al, 0x7f                ; but for "update in progress"
        must_be al, rtc_a
        mov     al, 0x0b
        call    cmos_read
        must_be al, rtc_b
        mov     cx, 8
        mov     ax, 0x35 << 8 | cmos_at
.cmos:  push    ax
        call    cmos_read
        mov     bl, al
        pop     ax
        must_be bl, ah
        inc     al
        add     ah, 0x1d
        loop    .cmos
        cmp     word [periodic_silence], periodic_limit
        jb      .update
        mov     byte [bad + check], 1
.update:
        cmp     word [update_silence], update_limit
        jb      .end
        mov     byte [bad + check], 1
.end:   sti
        verdict

; DMA: the channel is within the buffer and goes on once it has begun, and the buffer holds the sequence.
check_dma:
%assign check 1
        cli
        out     dma + 0x0c, al          ; low byte first
        in      al, dma + 2
        in      al, dma + 2
        mov     ah, al
        in      al, dma + 3
        mov     bl, al
        in      al, dma + 3
        must_be ah, buffer >> 8
        must_be al, 0
        in      al, page1
        must_be al, buffer_page
        cmp     bl, [noise_count]
        je      .silent
        mov     [noise_count], bl
        mov     word [noise_silence], 0
        mov     byte [noise_seen], 1
.silent:
        cmp     byte [noise_seen], 0
        je      .sequence
        cmp     word [noise_silence], noise_limit
        jb      .sequence
        mov     byte [bad + check], 1
.sequence:
        sti
        ; The sequence repeats after 256 bytes, the size of the buffer: each place gets the same byte again and again,
        ; so that it does not matter how much of the next round has come already.
        cmp     byte [noise_rounds], 0
        je      .end
        mov     ax, buffer_page << 12
        mov     es, ax
        mov     si, buffer
        mov     al, [es:si]
        cmp     byte [noise_known], 0
        jne     .known
        mov     [noise_first], al
        mov     byte [noise_known], 1
.known: mov     al, [noise_first]
        mov     cx, 256
.byte:  must_be al, [es:si]
        mov     ah, al                  ; x * 5 + 13
        shl     al, 1
        shl     al, 1
        add     al, ah
        add     al, 13
        inc     si
        loop    .byte
.end:   verdict

; Interrupt controllers: masks as they were, nothing in service, no interrupt that nobody asked for.
check_pic:
%assign check 2
        cli
        in      al, pic1 + 1
        must_be al, mask1
        in      al, pic2 + 1
        must_be al, mask2
        mov     al, 0x0b                ; OCW3: in-service registers
        out     pic1, al
        out     pic2, al
        in      al, pic1
        must_be al, 0
        in      al, pic2
        must_be al, 0
        must_be byte [strangers], 0
        sti
        verdict

; Timer: modes as programmed, channel 0 counts within its period, the gate of channel 2 is open.
check_pit:
%assign check 3
        cli
        mov     al, 0xe2                ; read back: status of channel 0
        out     pit + 3, al
        in      al, pit
        and     al, 0x3f
        must_be al, 0x34
        mov     al, 0xe8                ; and of channel 2
        out     pit + 3, al
        in      al, pit + 2
        and     al, 0x3f
        must_be al, 0x36
        xor     al, al                  ; latches the count of channel 0
        out     pit + 3, al
        in      al, pit
        mov     ah, al
        in      al, pit
        xchg    al, ah
        dec     ax                      ; 0 stands for 65536
        cmp     ax, reload
        jb      .gate
        mov     byte [bad + check], 1
.gate:  in      al, 0x61
        and     al, 3
        must_be al, 1
        sti
        verdict

; Serial port: registers as programmed, FIFOs on, and the number of the line before in its scratch register.
check_com:
%assign check 4
        cli
        mov     dx, com + 1
        in      al, dx
        must_be al, [com_ier]
        mov     dx, com + 3
        in      al, dx
        must_be al, com_lcr
        inc     dx
        in      al, dx
        must_be al, com_mcr
        mov     dx, com + 7
        in      al, dx
        inc     al
        cmp     word [line], 1
        je      .fifos
        must_be al, [line]
.fifos: must_be byte [com_fifos], 0xc0
        sti
        verdict

; ---------------------------------------------------------------------------------------------------------------------
; Interrupts, whatever DS is at the time

%macro  entry 0
        push    ax
        push    ds
        xor     ax, ax
        mov     ds, ax
%endmacro

on_timer:
        entry
        inc     word [ticks]
        inc     word [periodic_silence]
        inc     word [update_silence]
        inc     word [noise_silence]
        jmp     end_of_interrupt

; The clock: periodic interrupts between two that say a second has passed. When interrupts come late, one of them can
; stand for several, so that there can be fewer than 128.
on_clock:
        entry
        mov     al, 0x0c
        call    cmos_read
        test    al, 0x40
        jz      .update
        inc     word [periodic]
        mov     word [periodic_silence], 0
.update:
        test    al, 0x10
        jz      .end
        mov     word [update_silence], 0
        cmp     word [periodic], 130
        jbe     .few
        mov     byte [bad], 1
.few:   mov     word [periodic], 0
.end:   mov     al, 0x20
        out     pic2, al
        jmp     end_of_interrupt

; The noise device has filled the buffer.
on_noise:
        entry
        mov     byte [noise_rounds], 1
        mov     word [noise_silence], 0
        jmp     end_of_interrupt

; The serial port: fills the FIFO from the ring; when that is empty, the interrupt is switched off.
on_serial:
        entry
        push    bx
        push    cx
        push    dx
.next:  mov     dx, com + 2
        in      al, dx
        test    al, 1
        jnz     .end
        mov     ah, al
        and     al, 0xc0
        mov     [com_fifos], al
        and     ah, 0x0e
        cmp     ah, 0x02
        je      .transmit
        mov     dx, com + 5             ; anything else: its cause is read away
        in      al, dx
        inc     dx
        in      al, dx
        mov     dx, com
        in      al, dx
        jmp     .next
.transmit:
        mov     cx, 16
        xor     bh, bh
        mov     bl, [ring_out]
.byte:  cmp     bl, [ring_in]
        je      .dry
        mov     al, [ring + bx]
        mov     dx, com
        out     dx, al
        inc     bl
        loop    .byte
        mov     [ring_out], bl
        jmp     .next
.dry:   mov     [ring_out], bl
        cmp     cx, 16
        jne     .next                   ; the FIFO has something to send, and asks again
        mov     dx, com + 1
        xor     al, al
        out     dx, al
        mov     [com_ier], al
        jmp     .next
.end:   pop     dx
        pop     cx
        pop     bx
        jmp     end_of_interrupt

; IRQ 7 and 15 that were gone when the CPU asked. Only real ones are ended.
on_spurious1:
        entry
        mov     al, 0x0b
        out     pic1, al
        in      al, pic1
        test    al, 0x80
        jz      return
        mov     byte [strangers], 1
        jmp     end_of_interrupt
on_spurious2:
        entry
        mov     al, 0x0b
        out     pic2, al
        in      al, pic2
        test    al, 0x80
        jz      end_of_interrupt
        mov     byte [strangers], 1
        mov     al, 0x20
        out     pic2, al
end_of_interrupt:
        mov     al, 0x20
        out     pic1, al
return: pop     ds
        pop     ax
        iret

stranger:
        mov     byte [cs:strangers], 1
        iret

; ---------------------------------------------------------------------------------------------------------------------
; The clock's registers: AL is the register, AH the value to write; reading gives AL. Interrupts must be off.

cmos_write:
        push    ax
        out     cmos, al
        mov     al, ah
        out     cmos + 1, al
        pop     ax
        ret

cmos_read:
        out     cmos, al
        in      al, cmos + 1
        ret

; ---------------------------------------------------------------------------------------------------------------------
; Text

put_line:
        mov     si, text_line
; Writes the bytes from SI to a 0.
put_text:
        lodsb
        or      al, al
        jz      .end
        call    put
        jmp     put_text
.end:   ret

; Writes AX in hexadecimal.
put_word:
        push    ax
        mov     al, ah
        call    put_byte
        pop     ax
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

; Writes AL to the screen and into the ring, and waits while that is full.
put:    call    screen_put
        push    bx
        push    dx
.wait:  cli
        xor     bh, bh
        mov     bl, [ring_in]
        mov     dl, bl
        inc     dl
        cmp     dl, [ring_out]
        jne     .room
        sti
        hlt
        jmp     .wait
.room:  mov     [ring + bx], al
        mov     [ring_in], dl
        cmp     byte [com_ier], 0
        jne     .end
        mov     byte [com_ier], 2       ; "transmitter empty" interrupts at once if it is
        mov     dx, com + 1
        push    ax
        mov     al, 2
        out     dx, al
        pop     ax
.end:   sti
        pop     dx
        pop     bx
        ret

; Writes AX in decimal.
put_decimal:
        mov     si, 10
        xor     cx, cx
.digit: xor     dx, dx
        div     si
        push    dx
        inc     cx
        test    ax, ax
        jnz     .digit
.put:   pop     ax
        add     al, '0'
        call    put
        loop    .put
        ret

%include "screen.inc"

; ---------------------------------------------------------------------------------------------------------------------

checks: dw      text_rtc, check_rtc
        dw      text_dma, check_dma
        dw      text_pic, check_pic
        dw      text_pit, check_pit
        dw      text_com, check_com
checks_end:

text_ticks:     db      ' ticks=', 0
text_rtc:       db      ' rtc=', 0
text_dma:       db      ' dma=', 0
text_pic:       db      ' pic=', 0
text_pit:       db      ' pit=', 0
text_com:       db      ' com=', 0
text_ok:        db      'ok', 0
text_bad:       db      'BAD', 0
text_sum:       db      ' sum=', 0
text_end:       db      'end sum=', 0
text_line:      db      13, 10, 0

line:   dw      0                       ; number of the line
ticks:  dw      0                       ; of the timer
taken:  dw      0                       ; of these, those that lines were written for
lfsr:   dw      0xace1, 0x1d87
sum:    dw      0, 0
bad:    times 5 db 0                    ; whether a check has ever failed, by its number
strangers:      db      0               ; whether there was an interrupt that nobody asked for

periodic:       dw      0               ; since the second began
periodic_silence:       dw      0       ; ticks since the last one
update_silence: dw      0

noise_count:    db      255             ; the channel's count when it was last looked at
noise_seen:     db      0               ; whether it ever moved
noise_rounds:   db      0               ; whether the buffer was ever full
noise_known:    db      0
noise_first:    db      0               ; its first byte, then and always
noise_silence:  dw      0

com_ier:        db      0               ; as written
com_fifos:      db      0xc0            ; what the last interrupt said of the FIFOs
ring_in:        db      0
ring_out:       db      0
        align   16
ring:   times 256 db 0
