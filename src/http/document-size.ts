import {
  Kind,
  visit,
  type DocumentNode,
  type FragmentDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** How large a document is, by its text alone: known before validation, so that validation itself is bounded. */
export interface DocumentSize {
  depth: number;
  aliases: number;
  directives: number;
  fields: number;
}

/**
 * The largest of each over the operations and fragments of a document. A fragment counts wherever it is spread;
 * each is measured once, so a tower of fragments costs no more than its text. What is named `__schema` or anything
 * else counts like every other field. Spreads that go in a circle end here and are refused by validation.
 */
export function sizeOf(document: DocumentNode): DocumentSize {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const measured = new Map<string, Measure>();

  const ofFragment = (name: string): Measure => {
    const known = measured.get(name);
    if (known) return known;
    measured.set(name, nothing);
    const fragment = fragments.get(name);
    const measure = fragment ? ofSet(fragment.selectionSet) : nothing;
    measured.set(name, measure);
    return measure;
  };
  const ofSelection = (selection: SelectionNode): Measure => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return ofFragment(selection.name.value);
    if (selection.kind === Kind.INLINE_FRAGMENT) return ofSet(selection.selectionSet);
    const inner = selection.selectionSet ? ofSet(selection.selectionSet) : nothing;
    return {
      depth: inner.depth + 1,
      aliases: inner.aliases + (selection.alias ? 1 : 0),
      fields: inner.fields + 1,
    };
  };
  const ofSet = (set: SelectionSetNode): Measure => set.selections.map(ofSelection).reduce(beside, nothing);

  const measures = document.definitions.map((definition) =>
    'selectionSet' in definition && definition.selectionSet ? ofSet(definition.selectionSet) : nothing,
  );
  return { ...measures.reduce(largest, nothing), directives: countDirectives(document) };
}

type Measure = Omit<DocumentSize, 'directives'>;

const nothing: Measure = { depth: 0, aliases: 0, fields: 0 };

function beside(one: Measure, other: Measure): Measure {
  return {
    depth: Math.max(one.depth, other.depth),
    aliases: one.aliases + other.aliases,
    fields: one.fields + other.fields,
  };
}

function largest(one: Measure, other: Measure): Measure {
  return {
    depth: Math.max(one.depth, other.depth),
    aliases: Math.max(one.aliases, other.aliases),
    fields: Math.max(one.fields, other.fields),
  };
}

function countDirectives(document: DocumentNode): number {
  let count = 0;
  visit(document, { Directive: () => void (count += 1) });
  return count;
}
