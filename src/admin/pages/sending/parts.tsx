/** Every action and channel with whether it runs, and the button that pauses it or lets it go on. */
import type { ReactNode } from 'react'
import type { Standing } from '../../../server/api/control.ts'
import { useMay, useWords } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Columns, Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import { actorWords, CHANNEL_ORDER, CHANNELS, sentence } from '../../words/states.ts'
import style from './sending.module.css'

type Pause = Standing['pauses'][number]

interface Part {
  readonly scope: 'action' | 'channel'
  readonly name: string
  readonly word: string
  readonly about: ReactNode
  /** Whether the settings have it on. */
  readonly enabled: boolean
  readonly pause: Pause | null
}

export function Parts({ standing }: { standing: Standing }) {
  const words = useWords()
  const { pauses, actions, killSwitch } = standing
  const pauseOf = (scope: Part['scope'], name: string): Pause | null =>
    pauses.find((one) => one.scope === scope && one.name === name) ?? null
  const known = new Set(actions.map(({ key }) => key))
  const ofActions: readonly Part[] = [
    ...actions.map(({ key, name, channel, enabled, approval }) => ({
      scope: 'action' as const,
      name: key,
      word: name,
      about: `${CHANNELS[channel]}${approval ? ', a person approves each' : ''}`,
      enabled,
      pause: pauseOf('action', key),
    })),
    // One that left the catalogue may still be paused, and has to be seen to be let go on.
    ...pauses
      .filter(({ scope, name }) => scope === 'action' && !known.has(name))
      .map((pause) => ({
        scope: 'action' as const,
        name: pause.name,
        word: words.action(pause.name),
        about: 'not in the catalogue any more',
        enabled: false,
        pause,
      })),
  ]
  const ofChannels = CHANNEL_ORDER.map((name) => ({
    scope: 'channel' as const,
    name,
    word: CHANNELS[name],
    about: null,
    enabled: true,
    pause: pauseOf('channel', name),
  }))
  const killed = killSwitch !== null
  return (
    <Columns>
      <Section title="Actions">
        <PartTable caption="Actions, and whether they run" parts={ofActions} killed={killed} />
      </Section>
      <Section title="Channels">
        <PartTable caption="Channels, and whether they run" parts={ofChannels} killed={killed} />
      </Section>
    </Columns>
  )
}

function PartTable({ caption, parts, killed }: { caption: string; parts: readonly Part[]; killed: boolean }) {
  const columns: readonly Column<Part>[] = [
    {
      key: 'part',
      title: parts[0]?.scope === 'channel' ? 'Channel' : 'Action',
      phone: 'first',
      cell: ({ word, about }) => (
        <>
          <span className="strong">{word}</span>
          {about !== null && <div className="note">{about}</div>}
        </>
      ),
    },
    { key: 'state', title: 'State', cell: (part) => <State part={part} killed={killed} /> },
    {
      key: 'switch',
      title: <span className="unseen">Pause it or let it go on</span>,
      figure: true,
      phone: 'first',
      cell: (part) => <PartSwitch part={part} />,
    },
  ]
  return (
    <DataTable
      caption={caption}
      columns={columns}
      rows={parts}
      id={({ scope, name }) => `${scope} ${name}`}
    />
  )
}

function State({ part: { pause, enabled }, killed }: { part: Part; killed: boolean }) {
  const words = useWords()
  if (pause !== null) {
    const { byItself, reason, actor, since, evidence } = pause
    return (
      <>
        <span className={style.dot} data-tone="bad" />
        {byItself ? 'Stopped by itself' : 'Paused'}
        <div className="note">
          {sentence(reason.replace(BY_ITSELF, ''))}{' '}
          {evidence !== null &&
            `${words.count(evidence.answers)} of ${words.many(evidence.messages, 'message')}; ${words.percent(evidence.usual)} is usual. `}
          {byItself ? 'Stopped' : `By ${actorWords(actor)},`} <When at={since} />.
        </div>
      </>
    )
  }
  if (killed)
    return (
      <>
        <span className={style.dot} data-tone="bad" />
        Stopped with everything
      </>
    )
  return enabled ? (
    <>
      <span className={style.dot} data-tone="good" />
      On
    </>
  ) : (
    <>
      <span className={style.dot} />
      Off in the settings
    </>
  )
}

/** How the reason of a stop begins, which is said beside it. */
const BY_ITSELF = /^It stopped by itself: /

function PartSwitch({ part: { scope, name, word, pause } }: { part: Part }) {
  const operator = useMay('operator')
  const admin = useMay('admin')
  const pausing = useSend<string, Standing>(
    (reason) => ({ path: '/v1/pause', body: { [scope]: name, reason } }),
    { done: `${word} is paused.` },
  )
  const resuming = useSend<undefined, Standing>(() => ({ path: '/v1/resume', body: { [scope]: name } }), {
    done: `${word} goes on.`,
  })
  if (pause !== null)
    return admin ? (
      <Confirm
        label="Let it go on"
        about={`Let it go on: ${word}`}
        busy={resuming.busy}
        button={{ size: 'xs' }}
        confirm={() => resuming.send(undefined)}
      >
        What waits for it is due at once, and decisions choose it again.
      </Confirm>
    ) : (
      <span className="note">An admin lets it go on</span>
    )
  if (!operator) return null
  return (
    <Confirm
      label="Pause"
      about={`Pause: ${word}`}
      busy={pausing.busy}
      button={{ size: 'xs' }}
      words={{ label: 'Why?', placeholder: 'Shown wherever somebody wonders', most: 300 }}
      confirm={pausing.send}
    >
      {word}: nothing of it is sent, and no decision chooses it, until an admin lets it go on. What is open
      waits.
    </Confirm>
  )
}
