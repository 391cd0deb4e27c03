import { ONLY_PROGRAM, REPORT, SEE_LOG, type StatusTexts } from './text.js';

const NOTHING = ['Nothing is to be done.'];
const INTERNAL = ['It is said between parts of VirtualBox while a running machine is saved or teleported.'];

/** Saving, above all of machines that run. */
export const liveTexts: StatusTexts = {
  VINF_SSM_VOTE_FOR_ANOTHER_PASS: {
    meaning: 'No failure: a unit asks to save what has changed meanwhile once more before the machine is halted.',
    causes: INTERNAL,
    advice: NOTHING,
  },
  VINF_SSM_VOTE_DONE_DONT_CALL_AGAIN: {
    meaning: 'No failure: a unit has saved all it can while the machine runs, and need not be asked again.',
    causes: INTERNAL,
    advice: NOTHING,
  },
  VINF_SSM_DONT_CALL_AGAIN: {
    meaning: 'No failure: a unit has nothing more to save before the last pass.',
    causes: INTERNAL,
    advice: NOTHING,
  },
  VINF_SSM_LIVE_SUSPENDED: {
    meaning:
      'No failure: the machine was saved while running, and somebody had paused it meanwhile; it stays paused. (+1864: the same number as VERR_SSM_FIELD_COMPLEX, but for the sign.)',
    causes: ['The machine was paused by hand, or by the host going to sleep, while it was saved.'],
    advice: ['Resume the machine when it is wanted.'],
  },
  VERR_SSM_VOTE_FOR_GIVING_UP: {
    meaning: 'A part of the machine said that saving it while it runs will come to no end.',
    causes: [
      'The guest changes its memory faster than it can be saved or sent.',
      'The disk or the network is too slow.',
    ],
    advice: [
      'Pause the machine, then save or teleport it; or try again when the guest is less busy.',
      "For teleporting allow a longer pause: 'VBoxManage controlvm VM teleport … --maxdowntime'.",
    ],
  },
  VERR_SSM_TOO_MANY_PASSES: {
    meaning: 'Saving a running machine was given up after a million passes.',
    causes: ['The guest changes its memory all the time.'],
    advice: ['Pause the machine and save it then.'],
  },
  VERR_SSM_STATE_GREW_TOO_BIG: {
    meaning: 'The saved state of a running machine became far larger than the machine.',
    causes: ['The guest changes its memory faster than it can be saved, so that every pass saves it again.'],
    advice: ['Pause the machine and save it then.', 'Use a faster disk or network.'],
  },
  VERR_SSM_LOW_ON_DISK_SPACE: {
    meaning: 'There is less than 10 MB free on the disk, so the save was ended. What was written has been removed.',
    causes: [
      'The disk with the Snapshots folder of the machine is full. A state can be as large as the memory of the guest.',
    ],
    advice: ['Free space on that disk, or move the Snapshots folder, and save again. The machine itself goes on.'],
  },
  VERR_SSM_CANCELLED: {
    meaning: 'Saving, loading or teleporting was cancelled. What was written has been removed.',
    causes: ['Somebody pressed Cancel.', 'The machine was switched off meanwhile.', 'A program was told to stop.'],
    advice: ['Do it again if it was not meant.'],
  },
  VERR_SSM_NO_PENDING_OPERATION: {
    meaning: 'There is nothing to cancel.',
    causes: ['The operation had ended before it was to be cancelled.'],
    advice: NOTHING,
  },
  VERR_SSM_ALREADY_CANCELLED: {
    meaning: 'It has been cancelled before, and is about to end.',
    causes: ['Cancel was pressed twice.'],
    advice: ['Wait until it has ended.'],
  },
  VERR_SSM_LIVE_POWERED_OFF: {
    meaning: 'The machine switched itself off, or was switched off, while it was saved or teleported.',
    causes: ['The guest was shut down meanwhile.'],
    advice: ['Nothing is lost: start the machine as usual.'],
  },
  VERR_SSM_LIVE_GURU_MEDITATION: {
    meaning: 'The machine stopped with a guru meditation while it was saved or teleported.',
    causes: ['A defect of VirtualBox or of the host that the save did not cause.'],
    advice: [SEE_LOG, 'Switch the machine off and start it again.', 'Report it with the log.'],
  },
  VERR_SSM_LIVE_FATAL_ERROR: {
    meaning: 'The machine had a fatal error while it was saved or teleported.',
    causes: ['The disk of the host is full, or an image of the machine cannot be reached.'],
    advice: [SEE_LOG, 'Remove the cause, and try again.'],
  },
  VERR_VM_SAVE_STATE_NOT_ALLOWED: {
    meaning: 'The machine cannot be saved as it is set up.',
    causes: ['A device was passed through to it that cannot be saved.'],
    advice: ['Shut the machine down instead, or take the device out.'],
  },
  VERR_VM_INVALID_VM_STATE: {
    meaning: 'The machine is in a state in which this cannot be done.',
    causes: ['It is starting, ending, or being saved already.'],
    advice: ['Wait until it has come to rest, and try again.'],
  },
  VERR_INVALID_VM_HANDLE: {
    meaning: 'The machine that was meant does not exist any more.',
    causes: ['It was closed meanwhile.'],
    advice: [ONLY_PROGRAM],
  },
  VERR_AUTHENTICATION_FAILURE: {
    meaning: 'The password of a teleport was wrong.',
    causes: ['The two sides were given different passwords.'],
    advice: [
      "Set the password of the receiving machine anew ('VBoxManage modifyvm VM --teleporter-password'), and give the same when teleporting.",
    ],
  },
  VERR_NET_ADDRESS_IN_USE: {
    meaning: 'The port for teleporting is in use.',
    causes: ['Another machine, or another program, waits at the same port.'],
    advice: ["Choose another port ('VBoxManage modifyvm VM --teleporter-port')."],
  },
  VERR_TCP_SERVER_STOP: {
    meaning: 'Waiting for a teleport has ended, as asked.',
    causes: ['The machine has arrived, or the wait was cancelled.'],
    advice: NOTHING,
  },
  VERR_TCP_SERVER_SHUTDOWN: {
    meaning: 'Waiting for a teleport has ended.',
    causes: ['The machine that waited was closed.'],
    advice: NOTHING,
  },
  VERR_WRONG_ORDER: {
    meaning: 'Something was done out of turn, and refused.',
    causes: ['The same was asked for twice, or in another order than it must be done.'],
    advice: [ONLY_PROGRAM],
  },
  VERR_SSM_INVALID_STATE: {
    meaning: 'Data was put or got at a time when nothing is saved or loaded.',
    causes: ['A part of the program kept its stream after its turn was over.'],
    advice: [ONLY_PROGRAM],
  },
  VERR_SSM_SKIP_BACKWARDS: {
    meaning: 'A unit of an old file (format V1.x) says that it ends before it begins, or was read beyond its end.',
    causes: ['The file is damaged.', 'Another version of VirtualBox saved it.'],
    advice: ["See with 'ssm verify FILE' whether the file is sound."],
  },
  VERR_SSM_MEM_TOO_BIG: {
    meaning: 'A single item of more than 2 GB was to be saved in one piece.',
    causes: ['A device puts all its memory at once.'],
    advice: [ONLY_PROGRAM, 'Put it in several pieces.'],
  },
  VERR_SSM_IPE_1: {
    meaning: 'A check inside of VirtualBox failed.',
    causes: ['A defect of VirtualBox.'],
    advice: [REPORT],
  },
  VERR_SSM_IPE_2: {
    meaning: 'A check inside of VirtualBox failed.',
    causes: ['A defect of VirtualBox.'],
    advice: [REPORT],
  },
  VERR_SSM_IPE_3: {
    meaning: 'The mark that tells whether an operation was cancelled has a value that there is not.',
    causes: ['A defect of VirtualBox, or faulty memory.'],
    advice: [REPORT],
  },
};
