import { BAD_STORAGE, GIVE_UP, ONLY_PROGRAM, REPORT, SAME_SETTINGS, SEE_LOG, type StatusTexts } from './text.js';

const SAME_VERSION =
  "Start the machine with the version that saved it ('ssm ls FILE' says which), shut it down there, and go on with the other one.";
const OTHER_VERSION = 'Another version of VirtualBox saved it, and the layout of the data has changed since.';

const differentMemory = (what: string, setting: string) => ({
  meaning: `The saved state has ${what} that the machine does not have now. Nothing is damaged.`,
  causes: [`${setting} was changed since.`, OTHER_VERSION],
  advice: [SAME_SETTINGS, SEE_LOG, SAME_VERSION, GIVE_UP],
});

/** The file is sound, but this machine cannot go on from it. */
export const loadTexts: StatusTexts = {
  VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION: {
    meaning: 'A unit has its data in a version that this VirtualBox cannot read. Nothing is damaged.',
    causes: [
      'A newer VirtualBox saved it: states go from older to newer versions, not back.',
      'It is so old that support for its layout has been removed.',
      'The Extension Pack is older than the one that saved.',
    ],
    advice: ['Update VirtualBox and its Extension Pack to the version that saved, or later.', SAME_VERSION, GIVE_UP],
  },
  VERR_SSM_DATA_UNIT_FORMAT_CHANGED: {
    meaning: 'The data of a unit has another form than its version number says.',
    causes: ['A test version of VirtualBox saved it, between two releases.', OTHER_VERSION],
    advice: [SAME_VERSION, GIVE_UP],
  },
  VERR_SSM_LOAD_CONFIG_MISMATCH: {
    meaning:
      'The settings of the machine differ from those it was saved with, in a way a running machine cannot cope with. Nothing is damaged.',
    causes: [
      'Settings were changed while the state was saved: memory, number of CPUs, chipset, controllers, cards, EFI.',
      'The state is used with another machine, or with a copy that was set up anew.',
      'A disk or another medium was exchanged.',
    ],
    advice: [
      'The message, and VBox.log, name the unit and the setting that differs, and both values.',
      SAME_SETTINGS,
      GIVE_UP,
    ],
  },
  VERR_SSM_LOAD_CPUID_MISMATCH: {
    meaning:
      'The processor of this host lacks something that the guest has been using since it was started. Nothing is damaged.',
    causes: [
      'The state comes from a host with another processor: newer, or of another maker.',
      'Settings of the BIOS, or a microcode update, switched features of the processor off.',
      'Hyper-V or another hypervisor hides them from VirtualBox.',
    ],
    advice: [
      'Start it on the host that saved it, or on one with the same kind of processor, and shut it down there.',
      'VBox.log lists the features that are missing.',
      "For machines that change hosts: 'VBoxManage modifyvm VM --cpu-profile' and '--cpuid-set' limit them to what all hosts have.",
      GIVE_UP,
    ],
  },
  VERR_SSM_LOAD_MEMORY_SIZE_MISMATCH: {
    meaning: 'The machine now has another amount of memory than when it was saved. Nothing is damaged.',
    causes: ['The size of the memory, or of the graphics memory, was changed since.'],
    advice: [SAME_SETTINGS, GIVE_UP],
  },
  VERR_SSM_VIRTUAL_CLOCK_HZ: {
    meaning: 'The clock of the machine ran at another rate when it was saved.',
    causes: ['A build of VirtualBox with other clocks saved it.', BAD_STORAGE],
    advice: [SAME_VERSION, GIVE_UP],
  },
  VERR_SSM_IDE_ASYNC_TIMEOUT: {
    meaning: 'An IDE controller did not come to rest in time, so the machine could not be saved or loaded.',
    causes: ['The disk of the host, or the share the disk images are on, answers very slowly.'],
    advice: ['Try again when the host is less busy.', 'Check the disk that has the images of the machine.'],
  },
  VERR_SSM_STRUCTURE_MAGIC: {
    meaning: 'The marks around a structure in the data of a unit are missing.',
    causes: [OTHER_VERSION, 'The unit was saved by a device of another kind that has the same name.', BAD_STORAGE],
    advice: [
      "If 'ssm verify FILE' finds nothing wrong, the file is sound and the versions differ.",
      SAME_VERSION,
      GIVE_UP,
    ],
  },
  VERR_SSM_UNEXPECTED_DATA: {
    meaning: 'The data of a unit makes no sense to the device that reads it.',
    causes: [OTHER_VERSION, 'Settings of the device were changed since.', BAD_STORAGE],
    advice: [SEE_LOG, SAME_SETTINGS, SAME_VERSION, GIVE_UP],
  },
  VERR_SSM_ENUM_VALUE_OUT_OF_RANGE: {
    meaning: 'A unit has a number for a state or a mode that this version does not know.',
    causes: ['A newer VirtualBox saved it.', BAD_STORAGE],
    advice: [SEE_LOG, SAME_VERSION, GIVE_UP],
  },
  VERR_SSM_GCPHYS_OVERFLOW: {
    meaning: 'An address of guest memory in the file is too large for this build.',
    causes: ['A 64-bit build saved it, and a build for small guests loads it.', BAD_STORAGE],
    advice: ['Load it with a 64-bit build of VirtualBox.', SAME_VERSION],
  },
  VERR_SSM_GCPTR_OVERFLOW: {
    meaning: 'A pointer of the guest in the file is too large for this build.',
    causes: ['A 64-bit guest was saved, and a build for 32-bit guests loads it.', BAD_STORAGE],
    advice: ['Load it with a 64-bit build of VirtualBox.', SAME_VERSION],
  },
  VERR_SSM_NO_LOAD_EXEC: {
    meaning: 'The file has data of a unit that this version has, but cannot load.',
    causes: [OTHER_VERSION, 'A device or an Extension Pack is incomplete.'],
    advice: [SAME_VERSION, REPORT, GIVE_UP],
  },
  VERR_SSM_LOADED_TOO_MUCH: {
    meaning: 'A device wanted more data than its unit has.',
    causes: [
      OTHER_VERSION,
      'The settings of the device differ from those it was saved with.',
      'The file was cut off in the middle of the unit.',
    ],
    advice: [
      "If 'ssm verify FILE' finds nothing wrong, the file is sound and device and data do not fit.",
      SAME_SETTINGS,
      SAME_VERSION,
      GIVE_UP,
    ],
  },
  VERR_SSM_LOADED_TOO_LITTLE: {
    meaning: 'A device did not read all the data of its unit.',
    causes: [OTHER_VERSION, 'The settings of the device differ from those it was saved with.'],
    advice: [
      "If 'ssm verify FILE' finds nothing wrong, the file is sound and device and data do not fit.",
      SAME_SETTINGS,
      SAME_VERSION,
      GIVE_UP,
    ],
  },
  VERR_SSM_UNEXPECTED_PASS: {
    meaning: 'A unit was called in a pass of a live save in which it has nothing to do.',
    causes: ['A defect of the program that saves or loads.'],
    advice: [REPORT],
  },
  VERR_SSM_UNIT_NOT_FOUND: {
    meaning: 'The file has no unit with this name and instance, or nobody has registered it.',
    causes: [
      'The name is misspelt; upper and lower case count.',
      'The machine has no such device.',
      'The unit has another instance number: the second network card is instance 1.',
    ],
    advice: ["'ssm ls FILE' shows all units with their instances."],
  },
  VERR_SSM_UNIT_EXISTS: {
    meaning: 'Two parts of a program registered a unit with the same name and instance.',
    causes: ['A device was set up twice, or two devices use one name.'],
    advice: [ONLY_PROGRAM, 'Give each its own name or instance.'],
  },
  VERR_SSM_UNIT_NOT_OWNER: {
    meaning: 'A part of a program tried to remove a unit that another part registered.',
    causes: ['A defect in the program.'],
    advice: [ONLY_PROGRAM],
  },
  VERR_PGM_SAVED_MMIO2_RANGE_NOT_FOUND: differentMemory(
    'memory of a device',
    'A device with memory of its own (graphics, for example)',
  ),
  VERR_PGM_SAVED_MMIO2_PAGE_NOT_FOUND: differentMemory(
    'more memory of a device',
    'The size of the memory of a device (graphics, for example)',
  ),
  VERR_PGM_SAVED_ROM_RANGE_NOT_FOUND: differentMemory(
    'a ROM',
    'The firmware (BIOS or EFI), or a card with a ROM of its own,',
  ),
  VERR_PGM_SAVED_ROM_PAGE_NOT_FOUND: differentMemory(
    'a larger ROM',
    'The firmware (BIOS or EFI), or a card with a ROM of its own,',
  ),
  VERR_PGM_SAVED_ROM_PAGE_PROT: {
    meaning: 'The saved state protects a page of a ROM in a way that there is not.',
    causes: [BAD_STORAGE, OTHER_VERSION],
    advice: [SAME_VERSION, GIVE_UP],
  },
  VERR_PGM_SAVED_REC_TYPE: {
    meaning: "The data of the guest's memory holds something that this version does not know.",
    causes: ['A newer VirtualBox saved it.', BAD_STORAGE],
    advice: [SAME_VERSION, GIVE_UP],
  },
  VERR_HM_CONFIG_MISMATCH: {
    meaning: 'The settings for hardware virtualisation differ from those the machine was saved with.',
    causes: ['They were changed since, or the host does not offer them any more.'],
    advice: [SAME_SETTINGS, GIVE_UP],
  },
  VERR_UNSUPPORTED_CPU: {
    meaning: 'The processor of this host cannot run the machine.',
    causes: ['The state comes from a host with another processor.', 'Virtualisation is switched off in the BIOS.'],
    advice: ['Switch virtualisation on in the BIOS, or use a host with a suitable processor.', GIVE_UP],
  },
  VERR_TOO_MANY_CPUS: {
    meaning: 'The machine is to have more CPUs than there can be.',
    causes: ['The number of CPUs was changed since it was saved.'],
    advice: [SAME_SETTINGS],
  },
  VERR_INVALID_CPU_ID: {
    meaning: 'There is no CPU with this number in the machine.',
    causes: ['The number of CPUs was changed since it was saved.'],
    advice: [SAME_SETTINGS],
  },
  VERR_TM_LOAD_STATE: {
    meaning: 'A timer could not be loaded.',
    causes: [OTHER_VERSION, BAD_STORAGE],
    advice: [SAME_VERSION, GIVE_UP],
  },
};
