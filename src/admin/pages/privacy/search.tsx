/** Looking for a person: by an address, a number, or a record of a CRM. It goes in the body, and never into an address. */
import { Button, Select, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import type { CustomerAnswer } from '../../../server/api/customer-shapes.ts'
import { useRead } from '../../api/queries.ts'
import { useConnections } from '../../api/connections.ts'
import type { Selector, Wanted } from './words.ts'
import style from './privacy.module.css'

type By = 'email' | 'phone' | 'record' | 'customer'

const FIELDS: Readonly<
  Record<Exclude<By, 'customer'>, { label: string; placeholder: string; type: string }>
> = {
  email: { label: 'E-mail address', placeholder: 'ann@example.com', type: 'email' },
  phone: { label: 'Telephone, with its country', placeholder: '+49 170 1234567', type: 'tel' },
  record: { label: 'Id of the record', placeholder: 'As the CRM or file names it', type: 'text' },
}

/** @param customer whom another page led here for; null: nobody */
export function Search({
  customer,
  busy,
  look,
}: {
  customer: number | null
  busy: boolean
  look: (wanted: Wanted) => void
}) {
  const connections = useConnections()
  const known = useRead<CustomerAnswer>(customer === null ? null : `/v1/customers/${customer}`)
  const [by, setBy] = useState<By>(customer === null ? 'email' : 'customer')
  const [value, setValue] = useState('')
  const [connection, setConnection] = useState<string | null>(null)
  const name = known.data?.name ?? `Customer ${customer}`
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (by === 'customer') look({ selector: { customer: customer ?? 0 }, said: name })
    else look({ selector: selectorOf(by, value.trim(), connection ?? ''), said: value.trim() })
  }
  return (
    <form className={style.search} onSubmit={submit} aria-label="Look for a person" autoComplete="off">
      <Select
        label="Look for a person by"
        w={200}
        allowDeselect={false}
        data={[
          ...(customer === null ? [] : [{ value: 'customer', label: 'Customer' }]),
          { value: 'email', label: 'E-mail address' },
          { value: 'phone', label: 'Telephone number' },
          { value: 'record', label: 'Record of a CRM or file' },
        ]}
        value={by}
        onChange={(next) => {
          setBy((next ?? 'email') as By)
          setValue('')
        }}
      />
      {by === 'record' && (
        <Select
          label="Connection"
          placeholder="Which one"
          required
          withAsterisk={false}
          w={220}
          data={(connections ?? []).map((one) => ({ value: one.id, label: one.name }))}
          value={connection}
          onChange={setConnection}
        />
      )}
      {by === 'customer' ? (
        <TextInput className={style.value ?? ''} label="Customer" value={name} readOnly />
      ) : (
        <TextInput
          key={by}
          data-autofocus
          className={style.value ?? ''}
          label={FIELDS[by].label}
          placeholder={FIELDS[by].placeholder}
          type={FIELDS[by].type}
          required
          withAsterisk={false}
          maxLength={by === 'email' ? 254 : by === 'phone' ? 40 : 200}
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
        />
      )}
      <Button type="submit" loading={busy} disabled={by === 'record' && connection === null}>
        Look
      </Button>
    </form>
  )
}

function selectorOf(by: Exclude<By, 'customer'>, value: string, connection: string): Selector {
  if (by === 'email') return { email: value }
  return by === 'phone' ? { phone: value } : { record: { connection, id: value } }
}
