/** What is held of a person, as a page that they can read: one file with nothing beside it. */
import { escapeMarkup, markupTable } from './markup.ts'
import { renderPage } from './page.ts'

export interface PersonFile {
  readonly company: string
  /** ISO 8601. */
  readonly madeAt: string
  /** As the person was asked for: "ann@example.com". */
  readonly askedFor: string
  readonly parts: readonly {
    readonly name: string
    readonly title: string
    readonly kept: string
    readonly rows: readonly Readonly<Record<string, unknown>>[]
  }[]
  /** What is looked at and holds nothing of people, by table. */
  readonly nothingIn: readonly { readonly table: string; readonly because: string }[]
}

/** @returns HTML, whole */
export function renderPerson({ company, madeAt, askedFor, parts, nothingIn }: PersonFile): string {
  const total = parts.reduce((sum, { rows }) => sum + rows.length, 0)
  const body = [
    `<p class="eyebrow">${escapeMarkup(company)}, ${escapeMarkup(madeAt.slice(0, 10))}</p>`,
    `<h1>What ${escapeMarkup(company)} holds of ${escapeMarkup(askedFor)} in Holdfast</h1>`,
    total === 0
      ? '<p class="lead">Nothing is held.</p>'
      : `<p class="lead">${total} entries in ${parts.length} places. Times are in UTC; amounts whose names end in "minor" are in cents.</p>`,
    ...parts.map(
      ({ title, kept, rows }) =>
        `<section><h2>${escapeMarkup(title)} (${rows.length})</h2><p class="note">${escapeMarkup(kept)}</p>${rows.map(rowTable).join('')}</section>`,
    ),
    `<section><details><summary>Where nothing is held of people</summary>${markupTable(
      ['place', 'what is in it'],
      nothingIn.map(({ table, because }) => [table, because]),
      { textColumns: 2 },
    )}</details></section>`,
  ]
  return renderPage({ title: `Data of ${askedFor}`, body: body.join('\n') })
}

function rowTable(row: Readonly<Record<string, unknown>>): string {
  const cells = Object.entries(row).filter(([, value]) => value !== null)
  return markupTable(
    ['what', 'value'],
    cells.map(([name, value]) => [name.replaceAll('_', ' '), textOf(value)]),
    { textColumns: 2 },
  )
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
