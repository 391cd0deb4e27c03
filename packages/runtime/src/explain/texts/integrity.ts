import { BACKUP, BAD_STORAGE, COPY_AGAIN, CUT_OFF, DISCARD, EDITED, RESCUE, type StatusTexts } from './text.js';

/** What to do about damage behind the file header. */
const repair = [COPY_AGAIN, RESCUE, BACKUP, DISCARD];
/** What to do where nothing of the file can be read. */
const replace = [COPY_AGAIN, BACKUP, DISCARD];

/** The file is damaged, or none that can be read. */
export const integrityTexts: StatusTexts = {
  VERR_SSM_INTEGRITY: {
    meaning: 'The saved state breaks a rule of its format that has no status of its own.',
    causes: [
      'A newer program wrote it, with features that this one does not know; files packed with LZ4 by ssmkit are refused so by VirtualBox.',
      BAD_STORAGE,
    ],
    advice: [
      "See with 'ssm explain FILE' what it is. A file packed with LZ4 is made loadable by 'ssm convert FILE NEW --compression lzf'.",
      ...repair,
    ],
  },
  VERR_SSM_INTEGRITY_MAGIC: {
    meaning: 'The file does not begin as saved states do: it is something else, or its beginning is destroyed.',
    causes: [
      'Another file was named: a disk image, the settings of the machine (.vbox), an archive that has the saved state inside.',
      'The download gave an error page instead of the file.',
      'The file was overwritten, or a crash left zeros in the place of its data.',
    ],
    advice: ['Make sure that it is the .sav file from the Snapshots folder of the machine, unpacked.', ...replace],
  },
  VERR_SSM_INTEGRITY_VERSION: {
    meaning: 'It is a saved state, but in a format that this version cannot read.',
    causes: [
      'VirtualBox 1.4 or older wrote it (format V1.0), which VirtualBox 3.1 and later do not read.',
      'VirtualBox 3.1 or later wrote it (format V2.0), and it is loaded by 3.0 or older.',
      'Its first bytes are damaged.',
    ],
    advice: [
      "'ssm ls FILE' says which format it is. Load it with a version that reads it, shut the machine down there, and start it with the new version.",
      "'ssm convert' changes the format, where all that the units need is known.",
      DISCARD,
    ],
  },
  VERR_SSM_INTEGRITY_SIZE: {
    meaning: 'The file has another size than the one written in its header (formats V1.x).',
    causes: [CUT_OFF, 'A transfer in text mode has changed line ends.', 'Something was appended to the file.'],
    advice: repair,
  },
  VERR_SSM_INTEGRITY_CRC: {
    meaning: 'A checksum is wrong: the bytes it protects are not those that were written.',
    causes: [BAD_STORAGE, EDITED, 'The memory of the host is faulty.'],
    advice: [...repair, 'If it happens again, check the disk (SMART) and the memory (memtest) of the host.'],
  },
  VERR_SMM_INTEGRITY_MACHINE: {
    meaning: 'The header of a file of format V1.x names a machine. No VirtualBox ever wrote one there.',
    causes: [BAD_STORAGE, EDITED],
    advice: replace,
  },
  VERR_SSM_INTEGRITY_HEADER: {
    meaning: 'The file header gives the host or guest addresses a width that there is not.',
    causes: [BAD_STORAGE, 'A tool other than VirtualBox wrote the file.'],
    advice: replace,
  },
  VERR_SSM_INTEGRITY_UNIT: {
    meaning: 'The header of a unit is damaged, or it does not stand where it should.',
    causes: [BAD_STORAGE, 'Parts of two files were mixed, or a part in the middle is missing.', EDITED],
    advice: repair,
  },
  VERR_SSM_INTEGRITY_UNIT_MAGIC: {
    meaning: 'Where a unit should begin there is something else.',
    causes: [
      'The file was written unit by unit, with the API for standalone files: its units are sound, but no machine can start from it.',
      'A device read more, or less, of its data than it had saved, so that the loader lost its place.',
      BAD_STORAGE,
    ],
    advice: ["'ssm verify FILE' tells whether the units are sound by themselves.", ...repair],
  },
  VERR_SSM_INTEGRITY_UNIT_NOT_FOUND: {
    meaning:
      'The saved state has data of a part of the machine (a unit) that this VirtualBox, or this machine, does not have. Nothing is damaged.',
    causes: [
      'The Extension Pack is missing, or it is another version: NVMe, and before VirtualBox 7.0 USB 2 and 3, are in it.',
      'A device was removed from the settings since: a network or sound card, a controller, a serial port.',
      'A newer VirtualBox saved it, with a unit that this one does not know (for example SSMLiveControl before 4.0).',
    ],
    advice: [
      'The message names the unit and its instance. Install the Extension Pack that fits the version, or add the device again.',
      'Otherwise start it with the version that saved it (ssm ls FILE says which) and shut it down there.',
      DISCARD,
    ],
  },
  VERR_SSM_INTEGRITY_VBOX_VERSION: {
    meaning: 'The file header names a version of VirtualBox that cannot be.',
    causes: [BAD_STORAGE, 'A tool other than VirtualBox wrote the file.'],
    advice: replace,
  },
  VERR_SSM_INTEGRITY_FOOTER: {
    meaning: 'The file does not end as a complete saved state does.',
    causes: [
      CUT_OFF,
      'VirtualBox or the host crashed, or the disk was full, while the machine was saved.',
      'Something was appended to the file.',
    ],
    advice: ['Make sure that the machine is not being saved at this moment.', ...repair],
  },
  VERR_SSM_INTEGRITY_REC_HDR: {
    meaning: 'Inside of a unit there is something that is no record.',
    causes: [
      BAD_STORAGE,
      'The device did not read all of a large item, so that its rest was taken for a record.',
      'The file has LZ4 records, but its header does not announce them.',
    ],
    advice: repair,
  },
  VERR_SSM_INTEGRITY_REC_TERM: {
    meaning: 'The record that ends a unit is damaged, or the unit has another length than it says.',
    causes: [BAD_STORAGE, 'A part in the middle of the file is missing or doubled.'],
    advice: repair,
  },
  VERR_SSM_INTEGRITY_REC_TERM_CRC: {
    meaning: 'The checksum at the end of a unit is wrong: that unit, or one before it, is not what was written.',
    causes: [BAD_STORAGE, EDITED, 'The memory of the host is faulty.'],
    advice: [...repair, 'If it happens again, check the disk (SMART) and the memory (memtest) of the host.'],
  },
  VERR_SSM_INTEGRITY_DECOMPRESSION: {
    meaning: 'Packed data cannot be unpacked.',
    causes: [BAD_STORAGE, EDITED],
    advice: repair,
  },
  VERR_SSM_INTEGRITY_DIR: {
    meaning: 'The directory at the end of the file, with which single units are found, is wrong.',
    causes: [CUT_OFF, BAD_STORAGE],
    advice: repair,
  },
  VERR_SSM_INTEGRITY_DIR_MAGIC: {
    meaning: 'There is no directory where the end of the file says that it is.',
    causes: [CUT_OFF, BAD_STORAGE, 'A part in the middle of the file is missing.'],
    advice: repair,
  },
  VERR_SSM_STREAM_ERROR: {
    meaning: 'Reading failed in the middle of a unit: the disk or the connection gave an error.',
    causes: [
      'The disk, or the share the file is on, cannot be read at this place.',
      'The connection broke while a machine was teleported.',
    ],
    advice: [
      'Copy the file to another disk; if that fails too, the disk is faulty.',
      'Of a teleport: the machine goes on where it was. Check the network and try again.',
      BACKUP,
      DISCARD,
    ],
  },
  VERR_SSM_BAD_REC_TYPE: {
    meaning: 'A record is of a type that was planned and never used.',
    causes: [BAD_STORAGE, 'A tool other than VirtualBox wrote the file.'],
    advice: repair,
  },
  VERR_EOF: {
    meaning: 'The file, or the connection, ends where more should come.',
    causes: [CUT_OFF, 'The file is empty: the save had only begun.', 'The other side of a teleport went away.'],
    advice: repair,
  },
  VINF_EOF: {
    meaning: 'The end was reached, as expected.',
    causes: ['Everything has been read.'],
    advice: ['Nothing is to be done.'],
  },
  VERR_ZIP_ERROR: {
    meaning: 'Unpacking data of an old saved state (format V1.x) failed.',
    causes: [BAD_STORAGE],
    advice: repair,
  },
  VERR_ZIP_CORRUPTED: {
    meaning: 'Packed data of an old saved state (format V1.x) is damaged.',
    causes: [BAD_STORAGE, EDITED],
    advice: repair,
  },
  VERR_ZIP_NO_MEMORY: {
    meaning: 'There was not enough memory to unpack data.',
    causes: ['The host has too little free memory.'],
    advice: ['Close other programs and try again.'],
  },
  VERR_ZIP_UNSUPPORTED_VERSION: {
    meaning: 'Data is packed in a manner that this version cannot unpack.',
    causes: ['Another program wrote the file.', BAD_STORAGE],
    advice: repair,
  },
};
