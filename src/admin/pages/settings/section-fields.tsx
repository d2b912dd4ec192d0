/** The fields of one section; what is seldom changed stands behind a button. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import { FieldRow, type FieldRowProps } from '../../form/field-row.tsx'
import type { Field, Section } from '../../../settings/controls.ts'
import style from './settings.module.css'

export function SectionFields({
  section,
  fields,
  all,
  isNeeded,
  fixed,
  row,
}: {
  section: Section
  fields: readonly Field[]
  /** Whether those that are seldom changed are shown in any case. */
  all: boolean
  isNeeded(field: Field): boolean
  fixed: boolean
  row(field: Field): FieldRowProps
}) {
  const [open, setOpen] = useState(false)
  const shown = fields.filter((field) => all || open || !field.advanced || isNeeded(field))
  const hidden = fields.length - shown.length
  return (
    <section aria-labelledby={`section-${section.key}`} className={style.part}>
      <h2 id={`section-${section.key}`}>{section.title}</h2>
      <p className="second">{section.about}</p>
      {shown.map((field) =>
        field.path in ELSEWHERE ? (
          <Elsewhere key={field.path} {...row(field)} />
        ) : (
          <FieldRow key={field.path} {...row(field)} />
        ),
      )}
      {hidden > 0 && (
        <Button variant="subtle" mt="sm" ml={-14} onClick={() => setOpen(true)}>
          {fixed ? 'Show' : 'Change'} {hidden === 1 ? 'one more' : `${hidden} more`}, seldom{' '}
          {fixed ? 'looked at' : 'changed'}
        </Button>
      )}
    </section>
  )
}

/** Settings that have a page of their own, where more can be said of them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  templates: '/app/templates?channel=email',
  'sms.templates': '/app/templates?channel=sms',
  'calls.talk': '/app/templates?channel=task',
}

function Elsewhere({ field: { path, title, about }, saved }: FieldRowProps) {
  const byLanguage = Object.values((saved ?? {}) as Readonly<Record<string, object>>)
  const own = byLanguage.reduce((sum, byAction) => sum + Object.keys(byAction).length, 0)
  return (
    <div className={style.elsewhere}>
      <div>
        <div className={style.title}>{title}</div>
        <p className="note">{about}.</p>
      </div>
      <div>
        {own === 0 ? 'All as they ship' : own === 1 ? 'One of your own' : `${own} of your own`}.{' '}
        <Link href={ELSEWHERE[path]}>Read and write them</Link>
      </div>
    </div>
  )
}
