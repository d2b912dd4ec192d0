/** Templates: what people are written, by channel, action and language, and which of it is in the company's own words. */
import { Button, SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import { useMay, useWords } from '../api/frame.ts'
import { useRead } from '../api/queries.ts'
import { useFilters } from '../api/query-string.ts'
import { codesOf } from '../form/codes.ts'
import { CodeInput } from '../form/text-inputs.tsx'
import { DataTable, type Column } from '../parts/data-table.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Section } from '../parts/section.tsx'
import type { TemplatesAnswer } from '../../server/api/templates.ts'
import style from './templates/templates.module.css'

type Line = TemplatesAnswer['items'][number]
type Channel = Line['channel']

export const CHANNELS: Readonly<Record<Channel, { readonly title: string; readonly about: string }>> = {
  email: { title: 'E-mails', about: 'Subject, text and HTML.' },
  sms: { title: 'SMS', about: 'The company and how to stop are added where a text says neither.' },
  task: { title: 'Talk tracks', about: 'What a person reads in the task before they call.' },
}

/** @example templateHref({ channel: 'sms', language: 'de', action: 'sms' }) // '/app/templates/sms/de/sms' */
const templateHref = ({ channel, language, action }: Pick<Line, 'channel' | 'language' | 'action'>): string =>
  `/app/templates/${channel}/${encodeURIComponent(language)}/${encodeURIComponent(action)}`

export function TemplatesPage() {
  const read = useRead<TemplatesAnswer>('/v1/templates')
  return <Loaded read={read}>{({ items }) => <Shown items={items} />}</Loaded>
}

function Shown({ items }: { items: readonly Line[] }) {
  const words = useWords()
  const [filters, setFilters] = useFilters()
  const own = items.filter(({ origin }) => origin === 'own').length
  const written = items.filter(({ origin }) => origin !== 'none').length
  const languages = [...new Map(items.map(({ language, languageName }) => [language, languageName]))]
  const channels = (Object.keys(CHANNELS) as Channel[]).filter((one) =>
    items.some(({ channel }) => channel === one),
  )
  const shown = channels.filter((one) => filters['channel'] === undefined || filters['channel'] === one)
  return (
    <>
      <PageHead
        title={
          own === 0
            ? 'Messages are written in the words that ship'
            : own === 1
              ? `One template of ${words.count(written)} is in your own words`
              : `${words.count(own)} templates of ${words.count(written)} are in your own words`
        }
      >
        People are written to in their language where there is a template in it. There are some in{' '}
        {listed.format(languages.map(([, name]) => name))}.
      </PageHead>
      <SegmentedControl
        aria-label="Channel"
        mb="sm"
        data={[
          { value: '', label: 'All' },
          ...channels.map((one) => ({ value: one, label: CHANNELS[one].title })),
        ]}
        value={filters['channel'] ?? ''}
        onChange={(channel) => setFilters({ channel })}
      />
      {shown.map((channel) => (
        <Section key={channel} title={CHANNELS[channel].title}>
          <p className="note">{CHANNELS[channel].about}</p>
          <ByAction
            channel={channel}
            items={items.filter((one) => one.channel === channel)}
            languages={languages}
            by={new Map(items.filter(({ used }) => used).map((one) => [one.action, one.channel]))}
          />
        </Section>
      ))}
      <AnotherLanguage items={items} />
    </>
  )
}

interface Row {
  readonly action: string
  readonly name: string
  readonly used: boolean
  readonly byLanguage: ReadonlyMap<string, Line>
}

function ByAction({
  channel,
  items,
  languages,
  by,
}: {
  channel: Channel
  items: readonly Line[]
  languages: readonly (readonly [string, string])[]
  /** By what each action is carried out as things stand. */
  by: ReadonlyMap<string, Channel>
}) {
  const rows: readonly Row[] = [...Map.groupBy(items, ({ action }) => action)].map(([action, lines]) => ({
    action,
    name: lines[0].actionName,
    used: lines[0].used,
    byLanguage: new Map(lines.map((one) => [one.language, one])),
  }))
  const columns: readonly Column<Row>[] = [
    {
      key: 'action',
      title: 'Action',
      phone: 'first',
      width: '40%',
      cell: ({ name, used, action }) => (
        <>
          {name}
          {!used && <div className="note">{INSTEAD[by.get(action) ?? 'none']}</div>}
        </>
      ),
    },
    ...languages.map(([language, name]): Column<Row> => ({
      key: language,
      title: name,
      cell: ({ byLanguage, name: action }) => {
        const line = byLanguage.get(language)
        return line === undefined ? (
          ''
        ) : (
          <>
            <span className={style.language}>{name}: </span>
            <Link href={templateHref(line)} className={line.origin === 'own' ? 'strong' : undefined}>
              {ORIGIN[line.origin]}
              <span className="unseen">
                , {action} in {name}
              </span>
            </Link>
            {line.origin === 'none' && (
              <span className="note">
                {' '}
                {line.insteadIn === null
                  ? 'nobody is written to'
                  : `written in ${languages.find(([tag]) => tag === line.insteadIn)?.[1] ?? line.insteadIn}`}
              </span>
            )}
          </>
        )
      },
    })),
  ]
  return (
    <DataTable
      caption={`${CHANNELS[channel].title} by action and language`}
      columns={columns}
      rows={rows}
      id={({ action }) => action}
    />
  )
}

const listed = new Intl.ListFormat('en')
/** Why nobody gets what is written here. */
const INSTEAD = {
  email: 'As things stand an e-mail is sent',
  sms: 'As things stand an SMS is sent',
  task: 'As things stand a person gets a task',
  none: 'As things stand nothing is sent',
} as const
const ORIGIN = { own: 'Your words', shipped: 'As it ships', none: 'None' } as const

/** A language that nothing is written in yet begins with one template. */
function AnotherLanguage({ items }: { items: readonly Line[] }) {
  const mayChange = useMay('admin')
  const [, go] = useLocation()
  const [language, setLanguage] = useState('')
  const [first] = items.filter(({ used }) => used)
  if (!mayChange || first === undefined) return null
  const isTag = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(language.trim())
  return (
    <Section title="Write in another language">
      <form
        className={style.another}
        onSubmit={(event) => {
          event.preventDefault()
          if (isTag) go(templateHref({ ...first, language: language.trim() }))
        }}
      >
        <CodeInput
          label="Language"
          control={{ format: 'language' }}
          codes={codesOf('language') ?? []}
          value={language}
          change={setLanguage}
          placeholder="Such as French, or de-AT"
        />
        <Button type="submit" variant="default" disabled={!isTag}>
          Begin with “{first.actionName}”
        </Button>
      </form>
    </Section>
  )
}
