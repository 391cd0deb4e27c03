import type { SsmFailure } from '@ssmkit/runtime';

/**
 * What the user is told of failures of the creation that say too little by themselves. VirtualBox has such texts for these
 * statuses; they are ours.
 */
export const createErrorTexts = {
  VERR_VMX_IN_VMX_ROOT_MODE: 'Another program uses the host’s VT-x. Close it and try again.',
  VERR_HM_CONFIG_MISMATCH: 'The configuration asks for VT-x or AMD-V, which the host does not have or does not allow.',
  VERR_SVM_IN_USE: 'Another program uses the host’s AMD-V. Close it and try again.',
  VERR_RAW_MODE_INVALID_SMP: 'More than one CPU needs VT-x or AMD-V, which the host does not have or does not allow.',
  VERR_SUPDRV_KERNEL_TOO_OLD_FOR_VTX: 'The host’s kernel is too old for VT-x.',
  VERR_SUPDRV_COMPONENT_NOT_FOUND: 'A kernel module of the host is missing, or was not loaded.',
  VERR_PDM_DEVICE_NOT_FOUND: 'The configuration has a device that nobody has registered.',
  VERR_PCI_PASSTHROUGH_NO_HM: 'Handing a PCI device of the host to the guest needs VT-x or AMD-V.',
  VERR_PCI_PASSTHROUGH_NO_NESTED_PAGING: 'Handing a PCI device of the host to the guest needs nested paging.',
} as const satisfies Partial<Record<SsmFailure, string>>;
