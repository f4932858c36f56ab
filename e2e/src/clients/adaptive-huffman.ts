/** Adaptive Huffman coding (Faller, Gallager, Knuth) with the bit order of Quake 3, which packs a client's `connect`. */

interface Leaf {
  weight: number;
  parent: Branch | undefined;
}
interface Branch extends Leaf {
  children: [Leaf, Leaf];
}
type Place = Leaf | Branch;

/** Two bytes of length, then the bits. */
export function pack(bytes: Uint8Array): Buffer {
  const unseen: Leaf = { weight: 0, parent: undefined };
  const known = new Map<number, Leaf>();
  /** All places of the tree, lightest first: the order that the coding swaps in. */
  const order: Place[] = [unseen];
  const bits: number[] = [];
  for (const byte of bytes) {
    const leaf = known.get(byte);
    bits.push(...pathTo(leaf ?? unseen));
    if (leaf) {
      grow(leaf, order);
      continue;
    }
    for (let bit = 7; bit >= 0; bit--) bits.push((byte >> bit) & 1);
    known.set(byte, split(unseen, order));
  }
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bitsToBytes(bits)]);
}

function bitsToBytes(bits: readonly number[]): Buffer {
  // One byte more, always, as the original writes it.
  const packed = Buffer.alloc((bits.length >> 3) + 1);
  bits.forEach((bit, i) => (packed[i >> 3]! |= bit << (i & 7)));
  return packed;
}

function pathTo(place: Place): number[] {
  const path: number[] = [];
  for (let at = place; at.parent; at = at.parent) path.unshift(at.parent.children[1] === at ? 1 : 0);
  return path;
}

/** Where nothing known was, there is now a branch with a new leaf; answers the leaf. */
function split(unseen: Leaf, order: Place[]): Leaf {
  const leaf: Leaf = { weight: 1, parent: undefined };
  const branch: Branch = { weight: 1, parent: unseen.parent, children: [unseen, leaf] };
  if (branch.parent) branch.parent.children[branch.parent.children[0] === unseen ? 0 : 1] = branch;
  unseen.parent = leaf.parent = branch;
  order.splice(1, 0, leaf, branch);
  if (branch.parent) grow(branch.parent, order);
  return leaf;
}

function grow(place: Place, order: Place[]): void {
  const last = order.findLastIndex(({ weight }) => weight === place.weight);
  const leader = order[last]!;
  if (leader !== place) {
    if (leader !== place.parent) swapBranches(leader, place);
    swapOrder(order, leader, place);
  }
  place.weight++;
  const { parent } = place;
  if (!parent) return;
  grow(parent, order);
  if (order[order.indexOf(place) - 1] === parent) swapOrder(order, place, parent);
}

function swapOrder(order: Place[], a: Place, b: Place): void {
  const [at, bt] = [order.indexOf(a), order.indexOf(b)];
  [order[at], order[bt]] = [b, a];
}

function swapBranches(a: Place, b: Place): void {
  const [from, to] = [a.parent, b.parent];
  const [side, otherSide] = [from?.children.indexOf(a) ?? -1, to?.children.indexOf(b) ?? -1];
  if (from) from.children[side as 0 | 1] = b;
  if (to) to.children[otherSide as 0 | 1] = a;
  [a.parent, b.parent] = [to, from];
}
