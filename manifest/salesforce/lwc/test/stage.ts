/** The package's components as they run on a page of Salesforce, with whatever stands in for Apex. */
import { JSDOM, VirtualConsole } from 'jsdom'
import { onTestFinished, vi } from 'vitest'
import { hostScript, type PAGES } from '../../../../test/support/salesforce-host/build.ts'

/** As much of an element as is asked here. */
export interface Drawn {
  readonly nodeType: number
  readonly localName: string
  readonly textContent: string
  readonly data: string
  readonly childNodes: Iterable<Drawn>
  readonly shadowRoot: Drawn | null
  readonly activeElement: Drawn | null
  readonly disabled: boolean
  readonly type: string
  checked: boolean
  value: string
  getAttribute(name: string): string | null
  matches(selector: string): boolean
  assignedNodes(options: { flatten: boolean }): readonly Drawn[]
  dispatchEvent(event: unknown): boolean
  click(): void
}

export type Answering = (method: string, parameters: Readonly<Record<string, unknown>>) => unknown

/** As Apex refuses: the sentence comes to the component in the body. */
export const refused = (message: string): Error => Object.assign(new Error(message), { body: { message } })

/**
 * @param answer gives what Apex gives, as an object; what it throws is refused
 * @param hurry by how much clocks run faster
 * @example
 * const { see, press } = await stage('holdfastCard', () => scored, { recordId: '001…' })
 * await see('41 %')
 */
export async function stage(
  page: (typeof PAGES)[number],
  answer: Answering,
  properties: Readonly<Record<string, unknown>> = {},
  { hurry = 1 }: { readonly hurry?: number } = {},
) {
  const warned: string[] = []
  const told = new VirtualConsole()
  for (const kind of ['warn', 'error', 'jsdomError'] as const)
    told.on(kind, (...what) => warned.push(what.map(String).join(' ')))
  const { window } = new JSDOM('<!doctype html><body></body>', {
    url: 'https://acme.lightning.force.example/',
    runScripts: 'outside-only',
    virtualConsole: told,
  })
  const asked: { readonly method: string; readonly parameters: Readonly<Record<string, unknown>> }[] = []
  const went: unknown[] = []
  window.__apex = async (method: string, parameters: Readonly<Record<string, unknown>>) => {
    asked.push({ method, parameters: JSON.parse(JSON.stringify(parameters)) })
    return JSON.stringify(await answer(method, parameters))
  }
  window.__navigate = (to: unknown) => went.push(JSON.parse(JSON.stringify(to)))
  const { setTimeout: later } = window
  if (hurry !== 1) window.setTimeout = (work: () => void, after: number) => later(work, after / hurry)
  window.eval(await hostScript('plain'))
  const element = window.holdfastMount(page, properties, window.document.body)
  onTestFinished(() => window.close())

  const all = (): readonly Drawn[] => everyOne(window.document.body as Drawn)
  const now = (): string => outline(window.document.body as Drawn)
  const find = (selector: string): Drawn => {
    const found = all().find((one) => one.matches(selector))
    if (found === undefined) throw new Error(`There is no ${selector} in:\n${now()}`)
    return found
  }
  const button = (label: string): Drawn => {
    const found = all().find((one) => one.localName === 'button' && one.textContent.trim() === label)
    if (found === undefined) throw new Error(`There is no button "${label}" in:\n${now()}`)
    return found
  }
  return {
    asked,
    went,
    /** What the engine or the browser complained of. */
    warned,
    element: element as Record<string, unknown> & { remove(): void },
    all,
    now,
    find,
    button,
    has: (label: string): boolean =>
      all().some((one) => one.localName === 'button' && one.textContent.trim() === label),
    press: (label: string): void => button(label).click(),
    /** Types or chooses. */
    fill: (name: string, value: string): void => {
      const box = find(`[name="${name}"]:is(input,select,textarea)`)
      box.value = value
      box.dispatchEvent(new window.Event(box.localName === 'select' ? 'change' : 'input', { bubbles: true }))
    },
    toggle: (name: string): void => find(`input[name="${name}"]`).click(),
    /** What has the focus, inside whichever component. */
    focused: (): Drawn => {
      let one = window.document.activeElement as Drawn
      while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement
      return one
    },
    /** Waits until the words are there, and gives all of them. */
    see: async (words: string, timeout = 3000): Promise<string> => {
      await vi.waitFor(
        () => {
          if (!now().includes(words)) throw new Error(`"${words}" is not in:\n${now()}`)
        },
        { timeout, interval: 5 },
      )
      return now()
    },
  }
}

/** What is drawn in its place: shadows and what is put into slots, in the order of the page. */
function inside(one: Drawn): Iterable<Drawn> {
  if (one.shadowRoot) return one.shadowRoot.childNodes
  return one.localName === 'slot' ? one.assignedNodes({ flatten: true }) : one.childNodes
}

function everyOne(one: Drawn): readonly Drawn[] {
  return [...inside(one)]
    .filter((child) => child.nodeType === 1)
    .flatMap((child) => [child, ...everyOne(child)])
}

const SILENT = /^(svg|style)$/
const BLOCKS = /^(p|h\d|li|tr|div|label|dt|dd|table|ul|section)$/
/** Side by side. */
const APART = /^(a|c-holdfast-level)$/

/** As it reads from top to bottom: a line a block, controls in brackets. */
function outline(root: Drawn): string {
  const words = (one: Drawn): string => {
    if (one.nodeType === 3) return one.data
    if (one.nodeType !== 1 || SILENT.test(one.localName)) return ''
    const within = [...inside(one)].map(words).join('')
    const off = one.disabled ? ', off' : ''
    if (one.localName === 'button') return ` [${within.trim()}${off}]`
    if (one.localName === 'select')
      return ` <${[...everyOne(one)].find(({ value }) => value === one.value)?.textContent ?? ''}${off}>`
    if (one.localName === 'textarea') return ` <${one.value}${off}>`
    if (one.localName === 'input')
      return ` <${one.type === 'checkbox' ? (one.checked ? 'on' : 'off') : one.value}${off}>`
    if (one.localName === 'td' || one.localName === 'th') return `${within.trim()} | `
    if (APART.test(one.localName)) return ` ${within.trim()} `
    return BLOCKS.test(one.localName) ? `\n${within}\n` : within
  }
  return words(root)
    .split('\n')
    .map((line) => line.trim().replaceAll(/\s+/g, ' '))
    .filter((line) => line !== '')
    .join('\n')
}
