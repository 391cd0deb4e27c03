import { SsmError } from '@ssmkit/runtime';
import { type ConfigNode, copyTree, duplicateSubTree, type MaybeNode, queryDef } from '../cfgm/index.js';
import { matchesPatterns } from '../iprt/simple-pattern.js';

/*
 * Driver transformations (`VirtualBox 7.2 PDMR3Driver.cpp, pdmR3DrvMaybeTransformChain`)
 *
 * Who configures a VM may have a driver put between two others, taken out or replaced, without knowing the whole chain:
 * every time that a driver is to be attached, each node of /PDM/DriverTransformations is asked whether it means this place.
 *
 *     BelowDriver    the driver above the place, `<top>` where that is the device
 *     ──────────────────────────────────────────── the place
 *     AboveDriver    the driver that is to be attached there
 */

/** Where a driver is to be attached. */
export interface ChainPlace {
  readonly device: string;
  readonly lun: number;
  /** Name of the driver above; nothing at the top. */
  readonly above: string | undefined;
  /** The node that has the driver's node, and the name that it has there: `LUN#0` or `AttachedDriver`. */
  readonly parent: ConfigNode;
  readonly name: string;
}

const TOP = '<top>';
const MARK_POINTER = 'InjectTransformationPtr';
const MARK_NAME = 'InjectTransformationNm';

type Action = (transformation: ConfigNode, place: ChainPlace, current: MaybeNode) => void;

const misconfigured = (transformation: ConfigNode, detail: string) =>
  new SsmError('VERR_PDM_MISCONFIGURED_DRV_TRANSFORMATION', `${transformation.path} ${detail}`);

/** A copy of what the transformation puts there. */
function newDriver(transformation: ConfigNode): ConfigNode {
  const attached = transformation.child('AttachedDriver');
  if (attached === undefined) throw misconfigured(transformation, 'has no AttachedDriver');
  return duplicateSubTree(attached);
}

/** Takes the lower chain out of a node. */
function lowerOf(node: MaybeNode): ConfigNode | undefined {
  const lower = node?.child('AttachedDriver');
  const copy = lower && duplicateSubTree(lower);
  lower?.remove();
  return copy;
}

function put({ parent, name }: ChainPlace, tree: ConfigNode | undefined): void {
  parent.child(name)?.remove();
  if (tree !== undefined) parent.insertSubTree(name, tree);
}

function putAbove(place: ChainPlace, tree: ConfigNode, lower: ConfigNode | undefined): void {
  if (lower !== undefined) {
    tree.child('AttachedDriver')?.remove();
    tree.insertSubTree('AttachedDriver', lower);
  }
  put(place, tree);
}

const actions: Readonly<Record<string, Action>> = {
  inject: (transformation, place, current) => {
    const driver = newDriver(transformation);
    for (const mark of [MARK_POINTER, MARK_NAME]) if (driver.value(mark) !== undefined) driver.removeValue(mark);
    driver.insertInteger(MARK_POINTER, numberOf(transformation)).insertString(MARK_NAME, transformation.name);
    putAbove(place, driver, current && duplicateSubTree(current));
  },
  mergeconfig: (transformation, _place, current) => {
    const config = transformation.child('Config');
    if (config === undefined) throw misconfigured(transformation, 'has no Config');
    if (current === undefined) {
      throw new SsmError('VERR_PDM_CANNOT_TRANSFORM_REMOVED_DRIVER', `${transformation.path} is for a removed driver`);
    }
    copyTree(current.child('Config') ?? current.insertNode('Config'), config, { values: 'replace', keys: 'merge' });
  },
  remove: (_transformation, place, current) => put(place, lowerOf(current)),
  removetree: (_transformation, place) => put(place, undefined),
  replace: (transformation, place, current) => {
    const driver = newDriver(transformation);
    driver.child('AttachedDriver')?.remove();
    putAbove(place, driver, lowerOf(current));
  },
  replacetree: (transformation, place) => put(place, newDriver(transformation)),
};

/** Stands for the address that VirtualBox marks a node with. */
const numberOf = (transformation: ConfigNode): number =>
  1 + (transformation.parentEx?.children.indexOf(transformation) ?? 0);

const isMarked = (node: MaybeNode, transformation: ConfigNode): boolean =>
  node?.value(MARK_NAME)?.data === transformation.name;

function isMeant(transformation: ConfigNode, { device, lun, above }: ChainPlace, current: MaybeNode): boolean {
  const pattern = (name: string) => queryDef(transformation, name, 'string', '*');
  if (!matchesPatterns(pattern('Device'), device)) return false;
  if (!matchesPatterns(pattern('LUN'), String(lun))) return false;
  if (!matchesPatterns(pattern('BelowDriver'), above ?? TOP)) return false;
  const below = queryDef(transformation, 'AboveDriver', 'string', undefined);
  return below === undefined || (current !== undefined && matchesPatterns(below, driverOf(current)));
}

const driverOf = (node: ConfigNode): string => queryDef(node, 'Driver', 'string', '');

/**
 * Applies the transformations that mean a place, in order.
 *
 * @returns the node of the driver that is there now, if one is.
 * @throws SsmError VERR_PDM_MISCONFIGURED_DRV_TRANSFORMATION, VERR_PDM_CANNOT_TRANSFORM_REMOVED_DRIVER, and as `query`.
 */
export function transformChain(
  transformations: MaybeNode,
  place: ChainPlace,
  log: (line: string) => void,
): ConfigNode | undefined {
  const { parent, name } = place;
  for (const transformation of transformations?.children ?? []) {
    const current = parent.child(name);
    const kind = queryDef(transformation, 'Action', 'string', 'inject');
    const action = Object.hasOwn(actions, kind) ? actions[kind] : undefined;
    if (action === undefined) throw misconfigured(transformation, `has the unknown action '${kind}'`);
    if (!isMeant(transformation, place, current)) continue;
    // What was injected here before is found above its own place, or in it after a detach.
    if (kind === 'inject' && (isMarked(parent, transformation) || isMarked(current, transformation))) continue;
    log(`PDM: ${place.device} LUN#${place.lun}: driver transformation '${transformation.name}' (${kind})`);
    action(transformation, place, current);
  }
  return parent.child(name);
}
