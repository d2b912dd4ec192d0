/** Which settings somebody looks for. */
import type { Control, Field, Section } from '../../../settings/controls.ts'

export interface Found {
  readonly section: Section
  readonly fields: readonly Field[]
}

/**
 * Fields that have each of the words in their names, meanings or choices.
 *
 * @example
 * found(sections, 'quiet hours')
 */
export function found(sections: readonly Section[], q: string): readonly Found[] {
  const wanted = q.toLowerCase().split(/\s+/).filter(Boolean)
  return sections.flatMap((section) => {
    const fields = section.fields.filter((field) => {
      const text = textOf(section, field)
      return wanted.every((word) => text.includes(word))
    })
    return fields.length === 0 ? [] : [{ section, fields }]
  })
}

const texts = new WeakMap<Field, string>()

function textOf(section: Section, field: Field): string {
  const known = texts.get(field)
  if (known !== undefined) return known
  const text = [section.title, field.path, ...wordsOf(field)].join(' ').toLowerCase()
  texts.set(field, text)
  return text
}

const wordsOf = ({ title, about, control }: Field): readonly string[] => [title, about, ...wordsIn(control)]

function wordsIn(control: Control): readonly string[] {
  switch (control.kind) {
    case 'choice':
    case 'choices':
      return control.options.map(({ label }) => label)
    case 'list':
      return wordsIn(control.of)
    case 'record':
      return [...wordsIn(control.keys), ...wordsIn(control.of)]
    case 'rows':
    case 'fields':
      return control.fields.flatMap(wordsOf)
    case 'variant':
      return control.options.flatMap(({ label, fields }) => [label, ...fields.flatMap(wordsOf)])
    default:
      return []
  }
}
