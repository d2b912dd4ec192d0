/** A template as somebody would read it: live, on a customer of the book or a made-up one. */
import { SegmentedControl, Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useWords } from '../../api/frame.ts'
import { useRead, type Read } from '../../api/queries.ts'
import { withQuery } from '../../api/query-string.ts'
import { ask } from '../../api/request.ts'
import { Failure } from '../../parts/loaded.tsx'
import { BlockPending } from '../../parts/pending.tsx'
import type { CustomerLineAnswer } from '../../../server/api/customer-lists.ts'
import type { PreviewAnswer } from '../../../server/api/templates.ts'
import { MailFrame } from './mail-frame.tsx'
import type { Draft, Place } from './parts.ts'
import style from './templates.module.css'

export interface PreviewRequest extends Place {
  /** Null: as it is saved or ships. */
  readonly draft: Draft | null
  /** Null: a made-up one. */
  readonly customer: number | null
}

/** Milliseconds after the last key. */
const PAUSE_MS = 350

export interface Previewed {
  readonly preview: Read<PreviewAnswer>
  /** What the preview answers; null: nothing was answered yet. */
  readonly asked: PreviewRequest | null
}

/** @param request null: there is nothing that could be read yet */
export function usePreview(request: PreviewRequest | null): Previewed {
  const [asked] = useDebouncedValue(request, PAUSE_MS)
  const preview = useQuery<PreviewAnswer>({
    queryKey: ['preview of a template', asked],
    queryFn: ({ signal }) =>
      ask<PreviewAnswer>('/v1/templates/preview', { method: 'POST', body: asked, signal }),
    enabled: asked !== null,
    placeholderData: keepPreviousData,
  })
  const [answered, setAnswered] = useState<PreviewRequest | null>(null)
  if (preview.isSuccess && !preview.isPlaceholderData && answered !== asked) setAnswered(asked)
  return { preview, asked: answered }
}

export function Preview({
  preview: { data, error, refetch },
  asked,
  customer,
  choose,
}: Previewed & {
  readonly customer: number | null
  choose(customer: number | null): void
}) {
  return (
    <div className={style.preview}>
      <CustomerSelect customer={customer} choose={choose} />
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {data === undefined ? (
        error === null && <BlockPending height={320} />
      ) : (
        <>
          {data.notices.map((notice) => (
            <p key={notice} className="note">
              {notice}
            </p>
          ))}
          {data.problems.length > 0 ? (
            <p className="second">There is nothing to read until it is corrected.</p>
          ) : (
            <Message data={data} asked={asked} />
          )}
        </>
      )}
    </div>
  )
}

function Message({ data, asked }: { data: PreviewAnswer; asked: PreviewRequest | null }) {
  const words = useWords()
  const [as, setAs] = useState<'html' | 'text'>('html')
  const { from, to, subject, text, html, sms } = data
  return (
    <>
      <dl className={style.head}>
        <Line name="From">{from}</Line>
        <Line name="To">{to}</Line>
        <Line name="Subject">{subject}</Line>
      </dl>
      {html !== null && asked !== null ? (
        <>
          <SegmentedControl
            size="xs"
            mb="xs"
            aria-label="Shown as"
            data={[
              { value: 'html', label: 'HTML' },
              { value: 'text', label: 'Plain text' },
            ]}
            value={as}
            onChange={(value) => setAs(value as typeof as)}
          />
          {as === 'html' ? (
            <MailFrame request={JSON.stringify(asked)} />
          ) : (
            <pre className={style.plain}>{text}</pre>
          )}
        </>
      ) : (
        <pre className={sms === null ? style.plain : style.bubble}>{text}</pre>
      )}
      {sms !== null && (
        <p className="note">
          {words.many(sms.parts, 'part')} in {sms.encoding}
          {sms.costMinor !== null &&
            sms.currency !== null &&
            `, ${words.money(sms.costMinor, sms.currency)} each time`}
          {sms.costMinor === null && '; no price is set'}
        </p>
      )}
    </>
  )
}

function Line({ name, children }: { name: string; children: string | null }) {
  return children === null ? null : (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

const MADE_UP = { value: '', label: 'A made-up customer' }

function CustomerSelect({
  customer,
  choose,
}: {
  customer: number | null
  choose(customer: number | null): void
}) {
  const [typed, setTyped] = useState('')
  const [chosen, setChosen] = useState(MADE_UP)
  const [q] = useDebouncedValue(typed === chosen.label ? '' : typed, PAUSE_MS)
  const found = useRead<{ items: readonly CustomerLineAnswer[] }>(
    withQuery('/v1/customers', { q: q.trim(), limit: 8 }),
  )
  const options = (found.data?.items ?? []).map((one) => ({
    value: String(one.id),
    label: one.name ?? one.externalId,
  }))
  const all = [
    MADE_UP,
    ...options.filter(({ value }) => value !== chosen.value),
    ...(chosen.value === '' ? [] : [chosen]),
  ]
  return (
    <Select
      label="As it reads to"
      data={all}
      value={customer === null ? '' : String(customer)}
      onChange={(value) => {
        setChosen(all.find((one) => one.value === value) ?? MADE_UP)
        choose(value === null || value === '' ? null : Number(value))
      }}
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      // They were searched for already.
      filter={({ options }) => options}
      nothingFoundMessage="No customer is called that"
      allowDeselect={false}
      mb="sm"
    />
  )
}
