import type { SsmStatus } from '../../status.js';
import { fieldTexts } from './field.js';
import { generalTexts } from './general.js';
import { integrityTexts } from './integrity.js';
import { liveTexts } from './live.js';
import { loadTexts } from './load.js';
import type { StatusText, StatusTexts } from './text.js';

/** The statuses that somebody who saves and loads machines can meet. */
export const statusTexts: StatusTexts = {
  ...integrityTexts,
  ...loadTexts,
  ...liveTexts,
  ...fieldTexts,
  ...generalTexts,
};

/** Parts of VirtualBox, by how names of their statuses begin. */
const families: readonly (readonly [prefix: string, what: string])[] = [
  ['CFGM_', 'the configuration of the machine'],
  ['EM_', 'the execution manager, which runs the CPUs of the machine'],
  ['HM_', 'hardware virtualisation'],
  ['SVM_', 'hardware virtualisation of AMD processors'],
  ['VMX_', 'hardware virtualisation of Intel processors'],
  ['NEM_', 'running on top of another hypervisor'],
  ['PCI_PASSTHROUGH_', 'passing cards of the host through to the machine'],
  ['PDM_', 'devices and drivers'],
  ['PGM_', "the guest's memory"],
  ['MM_', "VirtualBox's own memory"],
  ['STAM_', 'statistics'],
  ['SUPDRV_', 'the kernel driver of VirtualBox'],
  ['SUPLIB_', 'checking the installation of VirtualBox'],
  ['SUP_', 'checking and starting VirtualBox on the host'],
  ['TM_', 'time and timers'],
  ['TCP_', 'network connections'],
  ['VM_', 'running the machine as a whole'],
  ['ZIP_', 'packing and unpacking data'],
];

/** What there is to say about a status; of those that have nothing to do with saved states only where they come from. */
export function textOf(status: SsmStatus): StatusText {
  const text = statusTexts[status];
  if (text !== undefined) return text;
  const name = status.replace(/^[A-Z]+_/, '');
  const family = families.find(([prefix]) => name.startsWith(prefix))?.[1];
  const origin = family === undefined ? 'VirtualBox in general' : `${family}`;
  return {
    meaning: `A status of VirtualBox that is not about saved states. It concerns ${origin}.`,
    causes: ['A saved state shows it only where a part of the machine failed with it while it was saved or loaded.'],
    advice: ["Look at the machine's log (VBox.log): the lines in front of the status say more."],
  };
}
