import {
  BACKUP,
  BAD_STORAGE,
  DISCARD,
  ONLY_PROGRAM,
  REPORT,
  SEE_LOG,
  type StatusText,
  type StatusTexts,
} from './text.js';

const internal = (meaning: string): StatusText => ({
  meaning,
  causes: ['A defect of the program; seldom a damaged file.'],
  advice: [SEE_LOG, "See with 'ssm verify FILE' whether the file is sound.", REPORT],
});

/** Statuses that are not about saved states alone. */
export const generalTexts: StatusTexts = {
  VINF_SUCCESS: { meaning: 'All is well.', causes: ['Nothing went wrong.'], advice: ['Nothing is to be done.'] },
  VERR_GENERAL_FAILURE: {
    meaning: 'Something failed for which there is no status of its own.',
    causes: [
      'A part of the program threw an exception.',
      'Packed data of an old saved state (format V1.x) is damaged.',
    ],
    advice: [SEE_LOG, "See with 'ssm verify FILE' whether the file is sound.", DISCARD],
  },
  VERR_INVALID_PARAMETER: {
    meaning: 'Something was asked for in a way that makes no sense.',
    causes: ['An option or an argument of a command is wrong.', 'A program called a function with wrong values.'],
    advice: ["Read the message; 'ssm COMMAND --help' shows what a command takes."],
  },
  VERR_INVALID_MAGIC: {
    meaning: 'Something does not begin as it must.',
    causes: [
      'Data of an old saved state (format V1.x) is packed in a manner that there is not: the file is damaged.',
      'The other side of a teleport is no VirtualBox.',
    ],
    advice: ["See with 'ssm verify FILE' what is damaged.", BACKUP, DISCARD],
  },
  VERR_INVALID_HANDLE: internal('A program used something that it had closed before.'),
  VERR_INVALID_POINTER: internal('A program gave nothing where something must be given.'),
  VERR_NO_MEMORY: {
    meaning: 'There is not enough memory.',
    causes: ['The host has too little free memory for the machine.', 'A limit on memory is set for the program.'],
    advice: ['Close other programs and machines, and try again.'],
  },
  VERR_NO_TMP_MEMORY: {
    meaning: 'There is not enough memory for a short while.',
    causes: ['The host has too little free memory.'],
    advice: ['Close other programs and machines, and try again.'],
  },
  VERR_VERSION_MISMATCH: {
    meaning: 'Two parts that must be of the same version are not.',
    causes: ['The two sides of a teleport are different versions.', 'VirtualBox and its Extension Pack are.'],
    advice: ['Install the same version for both.'],
  },
  VERR_NOT_IMPLEMENTED: {
    meaning: 'This has not been built.',
    causes: ['A rare feature was asked for.'],
    advice: ['Do it in another way, if there is one.'],
  },
  VERR_NOT_SUPPORTED: {
    meaning: 'This cannot be done, and the message says why.',
    causes: [
      'A conversion would lose something, or give a state that loads wrongly.',
      'What was asked for needs a file, and there is only a stream.',
      'Data is packed in a manner that nobody reads.',
    ],
    advice: ['Read the message: it says what is in the way, or what has to be told in addition.'],
  },
  VERR_INVALID_FLAGS: internal('A program set flags that there are not.'),
  VERR_TIMEOUT: {
    meaning: 'It took too long.',
    causes: ['The disk or the network is slow, or has stopped answering.', 'A limit of time was set too low.'],
    advice: ['Check disk and network, and try again.'],
  },
  VERR_BUFFER_OVERFLOW: {
    meaning: 'Data comes faster than it can be taken away, and there is no more room for what waits.',
    causes: ['A program puts much data at once without waiting for a slow disk or network.'],
    advice: [ONLY_PROGRAM, 'Await drain() or putMemAsync() while putting much.'],
  },
  VERR_TOO_MUCH_DATA: {
    meaning: 'There is more than fits, or more than a limit allows.',
    causes: [
      'A text in the file is longer than the device expects: another version saved it, or it is damaged.',
      'The input is larger than a limit that was set (--max-input).',
    ],
    advice: ['Read the message. If it names a limit, raise it, provided that the file can be trusted.', DISCARD],
  },
  VERR_TRY_AGAIN: {
    meaning: 'The data is not there yet.',
    causes: ['A program got data from a slow source without waiting for it.'],
    advice: [ONLY_PROGRAM, 'Await ensure() or getMemAsync() before getting more.'],
  },
  VERR_OUT_OF_RANGE: {
    meaning: 'A number is smaller or larger than it may be.',
    causes: ['A name, a number or a size is beyond its limits.', BAD_STORAGE],
    advice: ['Read the message: it names the number.'],
  },
  VERR_INVALID_STATE: {
    meaning: 'This cannot be done now.',
    causes: ['Something must be finished, or begun, before.'],
    advice: [ONLY_PROGRAM],
  },
  VINF_NO_CHANGE: {
    meaning: 'All is well; it was so before.',
    causes: ['Nothing had to be changed.'],
    advice: ['Nothing is to be done.'],
  },
  VERR_FILE_NOT_FOUND: {
    meaning: 'There is no such file or folder.',
    causes: ['The name is misspelt.', 'The file was moved or removed, or its disk is not there.'],
    advice: [
      'Look into the Snapshots folder of the machine: saved states have names such as 2024-05-01T10-20-30-123456789Z.sav.',
      DISCARD,
    ],
  },
  VERR_FILENAME_TOO_LONG: {
    meaning: 'The name of a file is longer than the system allows.',
    causes: ['The path has too many or too long parts.'],
    advice: ['Use a shorter path.'],
  },
  VERR_FILE_LOCK_FAILED: {
    meaning: 'Another program has the file.',
    causes: [
      'The machine is running, or being saved or loaded at this moment.',
      'A backup or a virus scanner reads it.',
    ],
    advice: ['Wait, or end that program, and try again.'],
  },
  VERR_INVALID_NAME: {
    meaning: 'A name cannot be used.',
    causes: [
      'The path is that of a folder or a device.',
      'A unit has a name that is empty, too long, or has odd characters.',
    ],
    advice: ['Use another name.'],
  },
  VERR_IO_GEN_FAILURE: {
    meaning: 'The disk, or whatever is read or written, gave an error.',
    causes: ['Permissions are missing.', 'The disk is full, faulty or gone.', 'A share or a connection broke.'],
    advice: ['Read the message: it has the reason that the system gave.', 'Check permissions, space and the disk.'],
  },
  VERR_NO_DATA: {
    meaning: 'There is no more data where some is expected.',
    causes: ['A device wanted more data than its unit has (format V1.x): another version saved it, or it is damaged.'],
    advice: ["See with 'ssm verify FILE' whether the file is sound.", DISCARD],
  },
  VERR_SYMBOL_NOT_FOUND: {
    meaning: 'A module does not have what it should.',
    causes: ['The name of a class is misspelt, or the module does not export it.'],
    advice: ['Read the message: it lists what there is.'],
  },
  VERR_INTERNAL_ERROR: internal('A check inside of the program failed.'),
  VERR_INTERNAL_ERROR_3: internal('A check inside of the program failed.'),
  VERR_INTERNAL_ERROR_4: internal('A check inside of the program failed.'),
  VERR_INTERNAL_ERROR_5: internal(
    'A check inside of the program failed; up to VirtualBox 4.1 also for a record of a type that was never used.',
  ),
  VERR_IPE_UNEXPECTED_INFO_STATUS: internal('A part of the program returned information that makes no sense there.'),
  VERR_IPE_NOT_REACHED_DEFAULT_CASE: internal('A part of the program came to where it should never come.'),
};
