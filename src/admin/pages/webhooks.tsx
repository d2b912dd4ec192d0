/** Webhooks: other systems that hear of what happens, and whether they do. */
import { Button, Group } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState } from 'react'
import type { WebhookAnswer } from '../../server/api/webhooks-out.ts'
import { useMay, useWords } from '../api/frame.ts'
import { useRead, useSend } from '../api/queries.ts'
import { withQuery } from '../api/query-string.ts'
import { Confirm } from '../parts/confirm.tsx'
import { Empty } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Notice } from '../parts/notice.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { When } from '../parts/when.tsx'
import { actorWords, sentence } from '../words/states.ts'
import { KINDS } from './telling/kinds.ts'
import { SecretOnce } from './telling/secret-once.tsx'
import { WebhookForm } from './telling/webhook-form.tsx'
import style from './telling/telling.module.css'

export function WebhooksPage() {
  const words = useWords()
  const admin = useMay('admin')
  const read = useRead<{ items: readonly WebhookAnswer[] }>('/v1/webhooks')
  const [adding, form] = useDisclosure(false)
  const [secret, show] = useState<string | null>(null)
  const add = admin && <Button onClick={form.open}>Add a webhook</Button>
  return (
    <Loaded read={read}>
      {({ items }) => {
        const failing = items.filter((one) => one.status === 'disabled' || one.failingSince !== null).length
        return (
          <>
            <PageHead
              title={
                items.length === 0
                  ? 'No other system hears of what happens'
                  : failing === 0
                    ? `${words.many(items.length, 'webhook hears', 'webhooks hear')} of what happens`
                    : `${words.count(failing)} of ${words.many(items.length, 'webhook')} ${failing === 1 ? 'does' : 'do'} not get through`
              }
              actions={items.length > 0 && add}
            >
              A channel in Slack or Teams, or a system of your own, told within seconds.
              {!admin && ' Admins add and change them.'}
            </PageHead>
            <SecretOnce secret={secret} forget={() => show(null)} />
            {items.length === 0 ? (
              <Empty title="What will be here" action={add}>
                Each webhook with what it is told of, when it last got through, and a test.
              </Empty>
            ) : (
              items.map((one) => <Webhook key={one.id} one={one} show={show} />)
            )}
            <WebhookForm
              opened={adding}
              close={form.close}
              webhook={null}
              saved={(made) => 'secret' in made && show(made.secret)}
            />
          </>
        )
      }}
    </Loaded>
  )
}

const FORMATS: Readonly<Record<WebhookAnswer['format'], string>> = {
  signed: 'signed JSON',
  slack: 'Slack',
  teams: 'Microsoft Teams',
}

function Webhook({ one, show }: { one: WebhookAnswer; show: (secret: string) => void }) {
  const admin = useMay('admin')
  const [editing, form] = useDisclosure(false)
  const { id, name, format, host, kinds, status, statusReason, failingSince, lastSentAt, lastError } = one
  return (
    <article className={style.webhook} aria-label={name}>
      <div className={style.head}>
        <h2>{name}</h2>
        <span className="note">
          {FORMATS[format]} to {host}
        </span>
      </div>
      <p className="second">
        {lastSentAt === null ? (
          'Nothing was told yet.'
        ) : (
          <>
            Last told <When at={lastSentAt} />.
          </>
        )}{' '}
        Added by {actorWords(one.createdBy)}, <When at={one.createdAt} />.
      </p>
      {status === 'disabled' && (
        <Notice tone="bad" title="It is off" actions={admin && <Enable id={id} name={name} />}>
          {sentence(statusReason ?? lastError ?? 'Nothing got through')} Mend what listens there, send a test,
          then turn it on again.
        </Notice>
      )}
      {status === 'active' && failingSince !== null && (
        <Notice tone="wait" title="Nothing gets through">
          It first failed <When at={failingSince} />. {lastError !== null && sentence(lastError)} It is tried
          again for three days.
        </Notice>
      )}
      <p className="note">Told of: {kinds.map((kind) => KINDS[kind].toLowerCase()).join('; ')}.</p>
      <Group gap={8} mt="sm">
        <Button
          component="a"
          href={withQuery('/app/alerts', { via: 'webhook', target: id })}
          variant="default"
          size="xs"
        >
          What it was told
        </Button>
        {admin && (
          <>
            <Test id={id} name={name} />
            <Button variant="default" size="xs" onClick={form.open} aria-label={`Change ${name}`}>
              Change
            </Button>
            {format === 'signed' && <NewSecret id={id} name={name} show={show} />}
            <Delete id={id} name={name} />
          </>
        )}
      </Group>
      <WebhookForm opened={editing} close={form.close} webhook={one} saved={() => undefined} />
    </article>
  )
}

interface Named {
  readonly id: string
  readonly name: string
}

function Test({ id, name }: Named) {
  const { send, busy } = useSend(() => ({ path: `/v1/webhooks/${id}/test` }), {
    done: 'A test is on its way. “What it was told” says what became of it.',
  })
  return (
    <Button
      variant="default"
      size="xs"
      onClick={() => send(undefined)}
      loading={busy}
      aria-label={`Send a test to ${name}`}
    >
      Send a test
    </Button>
  )
}

function Enable({ id, name }: Named) {
  const { send, busy } = useSend(() => ({ path: `/v1/webhooks/${id}/enable` }), {
    done: `${name} is told again.`,
  })
  return (
    <Button size="xs" onClick={() => send(undefined)} loading={busy}>
      Turn it on again
    </Button>
  )
}

function NewSecret({ id, name, show }: Named & { show: (secret: string) => void }) {
  const { send, busy } = useSend<undefined, { secret: string }>(
    () => ({ path: `/v1/webhooks/${id}/secret` }),
    { after: ({ secret }) => show(secret) },
  )
  return (
    <Confirm
      label="Make another secret"
      about={`Make another secret for ${name}`}
      busy={busy}
      button={{ size: 'xs' }}
      confirm={() => send(undefined)}
    >
      What is sent from now on is signed with the new one alone. {name} refuses it until it knows the new one.
    </Confirm>
  )
}

function Delete({ id, name }: Named) {
  const { send, busy } = useSend(() => ({ path: `/v1/webhooks/${id}`, method: 'DELETE' }), {
    done: `${name} is told nothing any more.`,
  })
  return (
    <Confirm
      label="Delete"
      about={`Delete ${name}`}
      grave
      busy={busy}
      button={{ size: 'xs' }}
      confirm={() => send(undefined)}
    >
      {name} is told nothing any more, also what waits to be told. Its address and secret are forgotten.
    </Confirm>
  )
}
