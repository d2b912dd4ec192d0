/** One thing that needs a look: what happened, what it means for the customers, what to do, and the buttons for it. */
import { Button } from '@mantine/core'
import { Link } from 'wouter'
import type { AttentionAnswer } from '../../../server/api/attention.ts'
import { useMay } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { listHref } from '../../api/rows-href.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { When } from '../../parts/when.tsx'
import { sentence } from '../../words/states.ts'
import style from './attention.module.css'

export type AttentionItem = AttentionAnswer['items'][number]
export type AttentionButton = AttentionItem['buttons'][number]

export function Thing({ item }: { item: AttentionItem }) {
  const { key, tone, title, since, happened, means, todo, buttons, connection, dismissible, kind } = item
  return (
    <article className={style.thing} data-tone={tone} aria-label={title}>
      <div className={style.head}>
        <h2>{title}</h2>
        {since !== null && (
          <span className="note">
            since <When at={since} />
          </span>
        )}
      </div>
      <dl className={style.said}>
        <dt>What happened</dt>
        <dd>{happened}</dd>
        <dt>For customers</dt>
        <dd>{means}</dd>
        <dt>What to do</dt>
        <dd>{todo}</dd>
      </dl>
      <div className={style.buttons}>
        {buttons.map((button) => (
          <OneButton key={button.label} button={button} about={title} />
        ))}
        {kind === 'policy' && <LinkButton href="/app/policy">Look at the policy</LinkButton>}
        {connection !== null && (
          <LinkButton href={`/app/connections/${connection}`}>Look at the connection</LinkButton>
        )}
        {dismissible && <PutAside item={{ key, mark: item.mark }} about={title} />}
      </div>
    </article>
  )
}

const LinkButton = ({ href, children }: { href: string; children: string }) => (
  <Button component={Link} href={href} variant="default" size="xs">
    {children}
  </Button>
)

/** What reaches people when it is pressed is asked once more. */
const GRAVE = new Set(['/v1/resume'])

export function OneButton({ button, about }: { button: AttentionButton; about: string }) {
  const may = useMay(button.role)
  const { send, busy } = useSend(
    () => ({
      path: button.path,
      method: button.method,
      ...(button.body === null ? {} : { body: button.body }),
    }),
    { done: `${button.label}: asked for.` },
  )
  if (button.method === 'GET') {
    const at = listHref(button.path)
    return at === undefined ? null : <LinkButton href={at}>{button.label}</LinkButton>
  }
  if (!may) return <span className="note">{sentence(`${button.label}: ${NEEDS[button.role]}`)}</span>
  if (GRAVE.has(button.path))
    return (
      <Confirm
        label={button.label}
        about={`${button.label}: ${about}`}
        busy={busy}
        button={{ size: 'xs' }}
        confirm={() => send(undefined)}
      >
        What waits for it is due at once, and decisions choose it again.
      </Confirm>
    )
  return (
    <Button size="xs" onClick={() => send(undefined)} loading={busy} aria-label={`${button.label}: ${about}`}>
      {button.label}
    </Button>
  )
}

const NEEDS = {
  viewer: '',
  operator: 'an operator or admin can',
  admin: 'an admin can',
} as const

interface Dismissed {
  readonly results: readonly { readonly outcome: string }[]
}

/** Until it happens anew. */
export function PutAside({ item, about }: { item: { key: string; mark: string }; about: string }) {
  const may = useMay('operator')
  const { send, busy } = useSend<undefined, Dismissed>(
    () => ({ path: '/v1/attention/dismiss', body: { items: [item] } }),
    {
      done: ({ results: [{ outcome }] }) =>
        outcome === 'changed' ? 'It happened anew since you looked.' : 'It comes back if it happens anew.',
    },
  )
  if (!may) return null
  return (
    <Button
      variant="default"
      size="xs"
      onClick={() => send(undefined)}
      loading={busy}
      aria-label={`Put aside: ${about}`}
    >
      Put aside
    </Button>
  )
}
