import fc from 'fast-check';
import type * as v from 'valibot';

/**
 * Values for a schema of wire/schema.ts: mostly such as it takes, and now and then one that is just beyond a limit, of
 * another kind, or something which CBOR could write and would not read.
 */

interface Node {
  readonly kind: string;
  readonly type: string;
  readonly message?: unknown;
  readonly requirement?: unknown;
  readonly pipe?: readonly Node[];
  readonly entries?: Readonly<Record<string, Node>>;
  readonly wrapped?: Node;
  readonly item?: Node;
  readonly items?: readonly Node[];
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly key?: Node;
  readonly value?: Node;
}

/** One in so many values is not what the schema asks for. */
const ODD = 40;
/** Longer ones cost the test more than they find. */
const LONGEST = 400;
const LONGEST_LIST = 6;

const odd = fc.oneof(
  fc.constantFrom<unknown>(Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, 2 ** 60, undefined, null, '\ud800', 7n),
  fc.string({ maxLength: 80, unit: 'binary' }),
  fc.uint8Array({ maxLength: 80 }),
  fc.array(fc.constant(0), { maxLength: 3 }),
);

const or = (usual: fc.Arbitrary<unknown>, unusual: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: ODD, arbitrary: usual }, { weight: 1, arbitrary: unusual });

export const arbitraryOf = (schema: v.GenericSchema): fc.Arbitrary<unknown> => of(schema as unknown as Node);

function of(node: Node): fc.Arbitrary<unknown> {
  return or(usual(node), odd);
}

function usual(node: Node): fc.Arbitrary<unknown> {
  switch (node.type) {
    case 'object':
      return fc.record(mapped(node.entries!, of));
    case 'optional':
      return fc.option(of(node.wrapped!), { nil: undefined });
    case 'nullable':
      return fc.option(of(node.wrapped!), { nil: null });
    case 'array':
      return arrayOf(node);
    case 'tuple':
      return fc.tuple(...node.items!.map(of));
    case 'variant':
    case 'union':
      return fc.oneof(...(node.options as readonly Node[]).map(of));
    case 'picklist':
      return fc.constantFrom(...node.options!);
    case 'literal':
      return fc.constant(node.literal);
    case 'record':
      return fc.dictionary(of(node.key!) as fc.Arbitrary<string>, of(node.value!), { maxKeys: 4 });
    case 'string':
      return stringOf(node);
    case 'number':
      return numberOf(node);
    case 'boolean':
      return fc.boolean();
    case 'instance':
      return bytesOf(node);
    case 'unknown':
      return fc.anything({ maxDepth: 2 });
    default:
      throw new Error(`the test does not know how to make a '${node.type}'`);
  }
}

const mapped = <A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));

const checksOf = (node: Node): readonly Node[] => (node.pipe ?? []).slice(1);

/** What the checks of a pipe say of the range, as their messages have it. */
function rangeOf(node: Node, otherwise: number): [from: number, to: number] {
  const said = checksOf(node)
    .map(({ message }) => /^(?:(\d+) to|at most) (\d+)/.exec(String(message)))
    .find((match) => match !== null);
  return said ? [Number(said[1] ?? 0), Number(said[2])] : [0, otherwise];
}

function numberOf(node: Node): fc.Arbitrary<unknown> {
  if (checksOf(node).length === 0) return fc.double({ noNaN: true, noDefaultInfinity: true });
  const [from, to] = rangeOf(node, 1_000);
  return or(
    fc.oneof(fc.integer({ min: from, max: Math.min(to, 1_000) }), fc.constantFrom(from, to)),
    fc.constantFrom(to + 1, to + 0.5),
  );
}

function bytesOf(node: Node): fc.Arbitrary<unknown> {
  const [from, to] = rangeOf(node, LONGEST);
  const usual = fc.uint8Array({ minLength: from, maxLength: Math.max(from, Math.min(to, LONGEST)) });
  const edge = fc.constantFrom(to, to + 1).map((length) => new Uint8Array(Math.min(length, 1 << 21)));
  return or(usual, edge);
}

function stringOf(node: Node): fc.Arbitrary<unknown> {
  const pattern = checksOf(node).find(({ requirement }) => requirement instanceof RegExp)?.requirement;
  if (pattern instanceof RegExp) return fc.stringMatching(pattern);
  // What no pattern tells: mostly right, sometimes not.
  if (checksOf(node).some(({ message }) => message === 'a numeric address')) {
    return fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 20 }));
  }
  const [, to] = rangeOf(node, LONGEST);
  const usual = fc.string({ maxLength: Math.floor(Math.min(to, LONGEST) / 4), unit: 'grapheme-composite' });
  // Of these characters 2 and 3 bytes each: the limit is in bytes.
  const edge = fc.constantFrom('é', '€', 'a').map((letter) => letter.repeat(Math.min(to, 1 << 17)));
  return or(usual, edge);
}

function arrayOf(node: Node): fc.Arbitrary<unknown> {
  const most = checksOf(node).find(({ type }) => type === 'max_length')?.requirement as number | undefined;
  const usual = fc.array(of(node.item!), { maxLength: Math.min(most ?? LONGEST_LIST, LONGEST_LIST) });
  if (most === undefined) return usual;
  const edge = of(node.item!).map((item) => new Array(Math.min(most + 1, 30_000)).fill(item));
  return or(usual, edge);
}
