import { SsmError } from '@ssmkit/runtime';
import { compareNames, isCString, sortedIndex } from '../iprt/name-order.js';
import { type ConfigData, type ConfigInput, type ConfigValue, dataOf, Password, typeOfData } from './value.js';

/** Options of a tree. */
export interface ConfigTreeOptions {
  /** Is told of errors that are the user's to see (a validation that fails); the VM raises them as VM errors. */
  readonly onError?: (error: SsmError) => void;
}

/**
 * A node of a configuration tree: child nodes and values, both in the order of their names' bytes.
 *
 * A node that was removed is as good as none: queries find nothing in it, and whoever changes it gets
 * VERR_CFGM_NO_PARENT.
 */
export class ConfigNode {
  readonly name: string;
  #parent: ConfigNode | undefined;
  #children: ConfigNode[] = [];
  #values: ConfigValue[] = [];
  #isRestrictedRoot = false;
  #isRemoved = false;
  readonly #options: ConfigTreeOptions;

  private constructor(name: string, parent: ConfigNode | undefined, options: ConfigTreeOptions) {
    this.name = name;
    this.#parent = parent;
    this.#options = options;
  }

  /** The root of a new tree, which can be inserted into another later. */
  static createTree(options: ConfigTreeOptions = {}): ConfigNode {
    return new ConfigNode('', undefined, options);
  }

  /** The parent; of roots and of restricted roots there is none to see. */
  get parent(): ConfigNode | undefined {
    return this.#isRestrictedRoot ? undefined : this.#parent;
  }

  /** The parent, also of a restricted root: for the VM, not for devices and drivers (`GetParentEx`). */
  get parentEx(): ConfigNode | undefined {
    return this.#parent;
  }

  /** Child nodes in order; a snapshot. */
  get children(): readonly ConfigNode[] {
    return this.#children.slice();
  }

  /** Values in order; a snapshot. */
  get values(): readonly ConfigValue[] {
    return this.#values.map(copyOf);
  }

  /** Whether devices and drivers stop seeing parents here. */
  get isRestrictedRoot(): boolean {
    return this.#isRestrictedRoot;
  }

  get isRemoved(): boolean {
    return this.#isRemoved;
  }

  /** Path from the root of the tree with a slash behind every level: `/Devices/pit/0/`. */
  get path(): string {
    const names: string[] = [];
    for (let node: ConfigNode | undefined = this; node !== undefined; node = node.#parent) names.push(node.name);
    return `${names.reverse().join('/')}/`;
  }

  /** The child at a path of names between slashes, or nothing. */
  child(path: string): ConfigNode | undefined {
    const names = namesOf(path);
    if (names.length === 0) return undefined;
    return names.reduce<ConfigNode | undefined>(
      (node, name) => (node === undefined ? node : node.#childNamed(name)),
      this,
    );
  }

  /** The value of a name, or nothing. Value names are no paths. */
  value(name: string): ConfigValue | undefined {
    const value = this.#values[this.#indexOfValue(name)];
    return value && copyOf(value);
  }

  /**
   * Inserts a node, and the levels in front of it that are missing.
   *
   * @returns the new node.
   * @throws SsmError VERR_CFGM_NODE_EXISTS, VERR_CFGM_INVALID_NODE_PATH for a path without a name, VERR_CFGM_NO_PARENT.
   */
  insertNode(path: string): ConfigNode {
    this.#mustExist();
    const names = namesOf(path);
    if (names.length === 0) throw new SsmError('VERR_CFGM_INVALID_NODE_PATH', `'${path}' names no node`);
    if (!isCString(path)) {
      throw new SsmError('VERR_CFGM_INVALID_NODE_PATH', 'the path has a character that no string of C has');
    }
    if (this.child(path) !== undefined) {
      throw new SsmError('VERR_CFGM_NODE_EXISTS', `there is a node '${names.join('/')}' in ${this.path}`);
    }
    return names.reduce<ConfigNode>((node, name) => node.#childNamed(name) ?? node.#addChild(name), this);
  }

  /**
   * Inserts a value of the type that the data has.
   *
   * @returns this node, for the next one.
   * @throws SsmError VERR_CFGM_LEAF_EXISTS, VERR_CFGM_INVALID_CHILD_PATH for an empty name, VERR_CFGM_NO_PARENT,
   * VERR_INVALID_PARAMETER and VERR_OUT_OF_RANGE for data that no value holds.
   */
  insert(name: string, data: ConfigInput): this {
    this.#mustExist();
    if (name === '' || !isCString(name)) {
      throw new SsmError('VERR_CFGM_INVALID_CHILD_PATH', `${JSON.stringify(name)} is no name of a value`);
    }
    if (this.#indexOfValue(name) >= 0) {
      throw new SsmError('VERR_CFGM_LEAF_EXISTS', `there is a value '${name}' in ${this.path}`);
    }
    this.#addValue(name, dataOf(data, name));
    return this;
  }

  /** {@link insert} of an integer: u64, or s64 in two's complement. */
  insertInteger(name: string, integer: number | bigint | boolean): this {
    return this.insert(name, integer);
  }

  /** {@link insert} of a string. */
  insertString(name: string, text: string): this {
    return this.insert(name, text);
  }

  /** {@link insert} of bytes. */
  insertBytes(name: string, bytes: Uint8Array): this {
    return this.insert(name, bytes);
  }

  /** {@link insert} of a password. */
  insertPassword(name: string, text: string): this {
    return this.insert(name, new Password(text));
  }

  /** {@link insert} of a copy of another node's value, under the same name. */
  insertValue(value: ConfigValue): this {
    return this.insert(value.name, value.data);
  }

  /**
   * Inserts a tree as a node. Its root is gone afterwards: the node that is returned has taken its place.
   *
   * @throws SsmError VERR_INVALID_PARAMETER for a tree that is part of one, or contains this node; and as
   * {@link insertNode}.
   */
  insertSubTree(path: string, tree: ConfigNode): ConfigNode {
    this.#mustBeFree(tree);
    const node = this.insertNode(path);
    node.#take(tree);
    return node;
  }

  /** Replaces what this node holds by what the root of a tree holds. That root is gone afterwards. @throws as {@link insertSubTree}. */
  replaceSubTree(tree: ConfigNode): this {
    this.#mustBeFree(tree);
    this.#clear();
    this.#take(tree);
    return this;
  }

  /** Removes this node with all that it holds. A root can be removed, too. */
  remove(): void {
    if (this.#parent !== undefined) {
      const siblings = this.#parent.#children;
      siblings.splice(siblings.indexOf(this), 1);
    }
    this.#clear();
    this.#parent = undefined;
    this.#isRemoved = true;
  }

  /** @throws SsmError VERR_CFGM_VALUE_NOT_FOUND, VERR_CFGM_NO_PARENT. */
  removeValue(name: string): void {
    this.#mustExist();
    const at = this.#indexOfValue(name);
    if (at < 0) throw new SsmError('VERR_CFGM_VALUE_NOT_FOUND', `there is no value '${name}' in ${this.path}`);
    this.#values.splice(at, 1);
  }

  /** Makes this node a restricted root: its `parent` is no longer to be seen. */
  setRestrictedRoot(): this {
    this.#isRestrictedRoot = true;
    return this;
  }

  /** Tells the owner of the tree of an error that is the user's to see. */
  raise(error: SsmError): void {
    let root: ConfigNode = this;
    while (root.#parent !== undefined) root = root.#parent;
    root.#options.onError?.(error);
  }

  #childNamed(name: string): ConfigNode | undefined {
    const child = this.#children[sortedIndex(this.#children, (other) => compareNames(other.name, name) >= 0)];
    return child?.name === name ? child : undefined;
  }

  #indexOfValue(name: string): number {
    const at = sortedIndex(this.#values, (other) => compareNames(other.name, name) >= 0);
    return this.#values[at]?.name === name ? at : -1;
  }

  #addChild(name: string): ConfigNode {
    const child = new ConfigNode(name, this, {});
    this.#children.splice(
      sortedIndex(this.#children, (other) => compareNames(other.name, name) > 0),
      0,
      child,
    );
    return child;
  }

  #addValue(name: string, data: ConfigData): void {
    const at = sortedIndex(this.#values, (other) => compareNames(other.name, name) > 0);
    this.#values.splice(at, 0, { name, type: typeOfData(data), data });
  }

  #mustExist(): void {
    if (this.#isRemoved) throw new SsmError('VERR_CFGM_NO_PARENT', `the node '${this.name}' was removed`);
  }

  /** A tree that is to become part of this one must be whole, and not the one that this node is part of. */
  #mustBeFree(tree: ConfigNode): void {
    this.#mustExist();
    let root: ConfigNode = this;
    while (root.#parent !== undefined) root = root.#parent;
    if (tree.#isRemoved || tree.#parent !== undefined || tree === root) {
      throw new SsmError('VERR_INVALID_PARAMETER', 'only the root of another tree can be inserted');
    }
  }

  #take(tree: ConfigNode): void {
    this.#values = tree.#values;
    this.#children = tree.#children;
    for (const child of this.#children) child.#parent = this;
    tree.#values = [];
    tree.#children = [];
    tree.#isRemoved = true;
  }

  #clear(): void {
    const gone = [...this.#children];
    for (let node = gone.pop(); node !== undefined; node = gone.pop()) {
      gone.push(...node.#children);
      node.#children = [];
      node.#values = [];
      node.#parent = undefined;
      node.#isRemoved = true;
    }
    this.#children = [];
    this.#values = [];
  }
}

/** The names of a path; leading, repeated and trailing slashes mean nothing. */
function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

function copyOf(value: ConfigValue): ConfigValue {
  return value.data instanceof Uint8Array ? { ...value, data: value.data.slice() } : value;
}
