import { Mem, Nested, S32, SsmStream, U32 } from '@ssmkit/schema';

// Units of VirtualBox's main API that show what was on the screen. `DisplayImpl.cpp` is theirs.

/** Kinds of {@link ScreenshotBlock}. */
export enum ScreenshotType {
  /** Pixels of 4 bytes, B, G, R and one without a meaning, rows from top to bottom; the longer side has 64. */
  Thumbnail = 0,
  /** A PNG file; its longer side has 1024 pixels at most. */
  Png = 1,
}

/** What {@link ScreenshotBlock.size} counts beside the picture. */
const SIZE_BESIDE = 8;

/** A picture, or that there is none. */
@SsmStream()
export class ScreenshotBlock {
  /** Bytes that follow the type; 8 where nothing does. */
  @U32() size = SIZE_BESIDE;
  @U32({ values: ScreenshotType }) type: number = ScreenshotType.Thumbnail;
  @U32({ when: 'dataBytes' }) width = 0;
  @U32({ when: 'dataBytes' }) height = 0;
  @Mem({ when: 'dataBytes', count: 'dataBytes', max: 1 << 24 }) data = new Uint8Array(0);

  get dataBytes(): number {
    return Math.max(0, this.size - SIZE_BESIDE);
  }

  /** A block with a picture. */
  static of(type: ScreenshotType, width: number, height: number, data: Uint8Array): ScreenshotBlock {
    return Object.assign(new ScreenshotBlock(), { size: data.length + SIZE_BESIDE, type, width, height, data });
  }

  /** A block without one. */
  static empty(type: ScreenshotType): ScreenshotBlock {
    return Object.assign(new ScreenshotBlock(), { type });
  }
}

/** `DisplayScreenshot` version 0x10001: the first screen as two pictures (`DisplayImpl.cpp, Display::i_displaySSMSaveScreenshot`). */
@SsmStream()
export class DisplayScreenshot {
  @Nested(ScreenshotBlock, { count: { stream: 'u32' }, max: 16 }) blocks: ScreenshotBlock[] = [
    ScreenshotBlock.empty(ScreenshotType.Thumbnail),
    ScreenshotBlock.empty(ScreenshotType.Png),
  ];

  /** The first picture of a kind; `undefined` where there is none, as before the guest has set a mode. */
  picture(type: ScreenshotType): ScreenshotBlock | undefined {
    return this.blocks.find((block) => block.type === type && block.dataBytes > 0);
  }
}

/** Bits of {@link Monitor.flags}. */
export const MonitorFlags = { ACTIVE: 1, DISABLED: 2, BLANK: 4, BLANK2: 8 } as const;

/** A monitor. */
@SsmStream()
export class Monitor {
  /** Offset of its framebuffer in video memory. */
  @U32() offset = 0;
  @U32() maxFramebufferSize = 0;
  @U32() informationSize = 0;
  @U32({ since: 0x10002 }) width = 0;
  @U32({ since: 0x10002 }) height = 0;
  @S32({ since: 0x10003 }) xOrigin = 0;
  @S32({ since: 0x10003 }) yOrigin = 0;
  /** {@link MonitorFlags} */
  @U32({ since: 0x10003 }) flags = 0;
}

/** `DisplayData`, in some old files with instance 12 or 24 (`DisplayImpl.cpp, Display::i_displaySSMSave`). */
@SsmStream()
export class DisplayData {
  @Nested(Monitor, { count: { stream: 'u32' }, max: 64 }) monitors: Monitor[] = [];
  /** The rectangle that absolute pointing devices reach. */
  @S32({ since: 0x10004 }) xInputMappingOrigin = 0;
  @S32({ since: 0x10004 }) yInputMappingOrigin = 0;
  @U32({ since: 0x10004 }) inputMappingWidth = 0;
  @U32({ since: 0x10004 }) inputMappingHeight = 0;
  @U32({ since: 0x10005 }) guestVbvaCapabilities = 0;
  @U32({ since: 0x10005 }) hostCursorCapabilities = 0;
}
