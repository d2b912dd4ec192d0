/**
 * What is rendered, as words in the order in which they are read: headings as ##, buttons in brackets, inputs in angle brackets
 * with what is chosen, what is behind a button or folded away set in, what a screen reader says of a picture in parentheses.
 */
import type { RenderedChildNode, RenderedRootNode } from '@hubspot/ui-extensions/testing'

type Props = Readonly<Record<string, unknown>>
interface Node {
  readonly nodeType: string
  readonly name?: string
  readonly text: string | null
  readonly props?: Props
  readonly childNodes?: readonly Node[]
}

/**
 * @example
 * outline(getRootNode()) // 'Risk of leaving: 41 %\n▲ High\n## Why\n- (Raises the risk:) Logins fell …'
 */
export function outline(root: RenderedRootNode): string {
  return lines(root.childNodes as readonly RenderedChildNode[] as unknown as readonly Node[]).join('\n')
}

const inner = (node: Node): string[] => lines(node.childNodes ?? [])
const words = (node: Node): string => inner(node).join(' ')
const indent = (all: readonly string[]): string[] => all.map((line) => `  ${line}`)

function lines(nodes: readonly Node[]): string[] {
  return nodes.flatMap((node) => (node.name === undefined ? [node.text ?? ''] : element(node)))
}

function element(node: Node): string[] {
  const props = node.props ?? {}
  const said = (name: string): string => String(props[name] ?? '')
  switch (node.name) {
    case 'Heading':
      return [`## ${words(node)}`]
    case 'PageTitle':
      return [`# ${words(node)}`]
    case 'Text':
    case 'TableCell':
    case 'TableHeader':
    case 'StatusTag':
      return [words(node)]
    case 'Inline':
      // What stands behind a button of a row is set in below the row.
      return inner(node).some((line) => line.startsWith('  ')) ? inner(node) : [words(node)]
    case 'TableRow':
      return [inner(node).join(' | ')]
    case 'List':
      return (node.childNodes ?? []).map((item) => `- ${lines([item]).join(' ')}`)
    case 'Icon':
      return [`(${said('screenReaderText')})`]
    case 'Alert':
      return [`! ${said('variant')}: ${said('title')}: ${words(node)}`]
    case 'LoadingSpinner':
      return [`… ${said('label')}`]
    case 'ErrorState':
    case 'EmptyState':
      return [`## ${said('title')}`, ...inner(node)]
    case 'StatisticsItem':
      return [`${said('label')}: ${said('number')}`, ...inner(node)]
    case 'DescriptionListItem':
      return [`${said('label')}: ${words(node)}`]
    case 'Accordion':
      return [`▸ ${said('title')}`, ...indent(inner(node))]
    case 'LineChart':
      return [`(chart of ${(props['data'] as readonly unknown[]).length} points)`]
    case 'Link':
      return [`→ ${words(node)}`]
    case 'Button':
    case 'LoadingButton': {
      const state = props['loading'] === true ? ', busy' : props['disabled'] === true ? ', off' : ''
      const overlay = props['overlay'] as Node | undefined
      return [`[${words(node)}${state}]`, ...(overlay === undefined ? [] : indent(inner(overlay)))]
    }
    case 'Modal':
    case 'Panel':
      return [`## ${said('title')}`, ...inner(node)]
    case 'Select': {
      const options = props['options'] as readonly { readonly value: unknown; readonly label: string }[]
      const chosen = options.find(({ value }) => value === props['value'])?.label ?? said('placeholder')
      return [input(props, `${chosen}; of ${options.map(({ label }) => label).join(', ')}`)]
    }
    case 'Toggle':
      return [
        input(
          { ...props, readOnly: props['readonly'] },
          said(props['checked'] === true ? 'textChecked' : 'textUnchecked'),
        ),
      ]
    case 'TextArea':
    case 'Input':
    case 'NumberInput':
      return [input(props, said('value'))]
    default:
      return inner(node)
  }
}

function input(props: Props, value: string): string {
  const of = (name: string): string | undefined => props[name] as string | undefined
  const told = [of('description'), of('validationMessage')].filter((part) => part !== undefined)
  const off = props['readOnly'] === true ? ', off' : ''
  return `<${of('label')}: ${value}${off}>${told.length === 0 ? '' : ` ${told.join(' ')}`}`
}
