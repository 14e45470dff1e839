/**
 * A map by name whose next version costs only a few nodes: a group has thousands of GMs, and one of them changes. A
 * balanced tree (AVL) in order of the names' UTF-16 units; versions share what they have in common, and none is changed
 * in place. Otherwise it is what `Named` is: a map for names from outside, and one object as JSON.
 */
import type { Named } from './named.ts';

interface Node<T> {
  readonly name: string;
  readonly value: T;
  readonly left: Node<T> | null;
  readonly right: Node<T> | null;
  readonly height: number;
}

export class NameTree<T> implements Named<T> {
  readonly #root: Node<T> | null;
  readonly size: number;

  constructor(root: Node<T> | null = null, size = 0) {
    this.#root = root;
    this.size = size;
  }

  /** Later entries of a name replace earlier ones. */
  static of<T>(entries: Iterable<readonly [name: string, value: T]>): NameTree<T> {
    let tree = new NameTree<T>();
    for (const [name, value] of entries) tree = tree.with(name, value);
    return tree;
  }

  get(name: string): T | undefined {
    return find(this.#root, name)?.value;
  }

  has(name: string): boolean {
    return find(this.#root, name) !== null;
  }

  /** This, and `value` under `name`. */
  with(name: string, value: T): NameTree<T> {
    return new NameTree(inserted(this.#root, name, value), this.has(name) ? this.size : this.size + 1);
  }

  /** This, without `name`. */
  without(name: string): NameTree<T> {
    return this.has(name) ? new NameTree(removed(this.#root, name), this.size - 1) : this;
  }

  /** All values, in the order of their names. */
  list(): readonly T[] {
    return this.#nodes().map(({ value }) => value);
  }

  #nodes(): readonly Node<T>[] {
    const nodes: Node<T>[] = [];
    const path: Node<T>[] = [];
    let node = this.#root;
    while (node !== null || path.length > 0) {
      for (; node !== null; node = node.left) path.push(node);
      const next = path.pop();
      if (next === undefined) break;
      nodes.push(next);
      node = next.right;
    }
    return nodes;
  }

  *entries(): Generator<[string, T], undefined> {
    for (const { name, value } of this.#nodes()) yield [name, value];
  }

  *keys(): Generator<string, undefined> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): Generator<T, undefined> {
    yield* this.list();
  }

  [Symbol.iterator](): Generator<[string, T], undefined> {
    return this.entries();
  }

  forEach(each: (value: T, name: string, tree: ReadonlyMap<string, T>) => void): void {
    for (const [name, value] of this.entries()) each(value, name, this);
  }

  toJSON(): object {
    const json: object = Object.create(null);
    for (const [name, value] of this.entries()) Object.defineProperty(json, name, { value, enumerable: true });
    return json;
  }
}

function find<T>(root: Node<T> | null, name: string): Node<T> | null {
  let node = root;
  while (node !== null && node.name !== name) node = name < node.name ? node.left : node.right;
  return node;
}

function inserted<T>(node: Node<T> | null, name: string, value: T): Node<T> {
  if (node === null) return entry(name, value, null, null);
  if (name === node.name) return entry(name, value, node.left, node.right);
  return name < node.name
    ? balanced(node, inserted(node.left, name, value), node.right)
    : balanced(node, node.left, inserted(node.right, name, value));
}

function removed<T>(node: Node<T> | null, name: string): Node<T> | null {
  if (node === null) return null;
  if (name < node.name) return balanced(node, removed(node.left, name), node.right);
  if (name > node.name) return balanced(node, node.left, removed(node.right, name));
  if (node.left === null) return node.right;
  if (node.right === null) return node.left;
  const next = first(node.right);
  return balanced(next, node.left, removed(node.right, next.name));
}

function first<T>(root: Node<T>): Node<T> {
  let node = root;
  while (node.left !== null) node = node.left;
  return node;
}

function heightOf<T>(node: Node<T> | null): number {
  return node === null ? 0 : node.height;
}

/** The entry of `node` above these two. */
function above<T>({ name, value }: Node<T>, left: Node<T> | null, right: Node<T> | null): Node<T> {
  return entry(name, value, left, right);
}

function entry<T>(name: string, value: T, left: Node<T> | null, right: Node<T> | null): Node<T> {
  return { name, value, left, right, height: 1 + Math.max(heightOf(left), heightOf(right)) };
}

/** The entry of `node` above its two sides, rotated where one is two higher, so that they differ by one at most. */
function balanced<T>(node: Node<T>, left: Node<T> | null, right: Node<T> | null): Node<T> {
  if (left !== null && left.height > heightOf(right) + 1) {
    const inner = left.right;
    return inner !== null && inner.height > heightOf(left.left)
      ? above(inner, above(left, left.left, inner.left), above(node, inner.right, right))
      : above(left, left.left, above(node, inner, right));
  }
  if (right !== null && right.height > heightOf(left) + 1) {
    const inner = right.left;
    return inner !== null && inner.height > heightOf(right.right)
      ? above(inner, above(node, left, inner.left), above(right, inner.right, right.right))
      : above(right, above(node, left, inner), right.right);
  }
  return above(node, left, right);
}
