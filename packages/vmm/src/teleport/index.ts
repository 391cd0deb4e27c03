/*
 * Teleporting a machine: what `teleportOver` and `receiveOver` of `@ssmkit/runtime` need of one
 *
 *     source                                         target
 *     RUNNING ── saved live ──▶ SUSPENDED            CREATED ── loaded ──▶ SUSPENDED
 *     hands over                            ───────▶ RUNNING, or SUSPENDED if the source was that before
 *     OFF
 *
 * Until the machine is handed over it is the source's, which goes on with it when anything fails. `@ssmkit/vmm/node` has
 * the same over TCP.
 */
export {
  receiveVmOver,
  teleportVmOver,
  type VmReceiveLoadOptions,
  type VmReceiveOverOptions,
  type VmTeleportOverOptions,
} from './over.js';
