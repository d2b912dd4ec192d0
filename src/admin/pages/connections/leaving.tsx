/** The way out of a connection, confirmed by its name: what is known of its customers is kept, or erased. */
import { Button, Group, Modal, Progress, Radio, Stack, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState } from 'react'
import type { ConnectionDetail } from '../../../server/api/connections.ts'
import { useMay, useWords } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import { CHANGED, CLOSE } from './controls.tsx'

interface One {
  readonly connection: ConnectionDetail
}

/** At the end of the page, for whoever is sure. */
export function Leaving({ connection }: One) {
  const may = useMay('admin')
  const { name, status, erasure, system } = connection
  if (erasure !== null && status === 'disconnected') return <Erased erasure={erasure} />
  if (!may) return null
  if (status === 'disconnected')
    return (
      <Section title="What was kept">
        <p className="second">
          It is disconnected, and what was known of its customers is kept: connecting the same account again
          goes on with them. If that is not wanted, it can be erased.
        </p>
        <Ways connection={connection} verb="Erase what was kept" ways={['erase']} />
      </Section>
    )
  return (
    <Section title="Disconnect">
      <p className="second">
        {status === 'needs_reconnect'
          ? `${system} does not take the sign-in any more: the app was uninstalled there, or its token taken back. Nothing is read or written, and what is known of its customers is kept. If it is to stay so, disconnect it here, and say what becomes of that.`
          : 'It is not read, scored or written to any more, and its sign-in is forgotten. You say whether what is known of its customers is kept or erased.'}
      </p>
      <Ways connection={connection} verb={`Disconnect ${name}`} ways={['keep', 'erase']} />
    </Section>
  )
}

type Data = 'keep' | 'erase'

function Ways({
  connection: { id, name, status, system },
  verb,
  ways,
}: One & { readonly verb: string; readonly ways: readonly Data[] }) {
  const [open, modal] = useDisclosure(false)
  const [typed, setTyped] = useState('')
  const [data, setData] = useState<Data>(ways[0])
  const gone = status === 'disconnected'
  const erasing = data === 'erase'
  const leave = useSend(
    (confirm: string) => ({ path: `/v1/connections/${id}/disconnect`, body: { confirm, data } }),
    {
      ...CHANGED,
      changed: [...CHANGED.changed, '/v1/customers'],
      done: erasing ? `What is known of ${name} is being erased` : `${name} is disconnected`,
      after: modal.close,
      quiet: true,
    },
  )
  const where = system === 'File' ? 'the file' : system
  return (
    <>
      <Button
        variant="default"
        mt="sm"
        onClick={() => {
          setTyped('')
          setData(ways[0])
          leave.reset()
          modal.open()
        }}
      >
        {verb}
      </Button>
      <Modal opened={open} onClose={modal.close} title={verb} centered closeButtonProps={CLOSE}>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (typed === name) leave.send(typed)
          }}
        >
          {!gone && (
            <Text mb="md">
              Holdfast stops reading, scoring and writing here, and forgets the sign-in. Nothing is sent to
              its customers any more.
            </Text>
          )}
          {ways.length > 1 && (
            <Radio.Group
              label="What is known of its customers"
              value={data}
              onChange={(value) => setData(value as Data)}
              mb="md"
            >
              <Stack gap="sm" mt="xs">
                <Radio
                  value="keep"
                  label="Keep it"
                  description="Customers, scores and history stay here; connecting the same account again goes on with them."
                />
                <Radio
                  value="erase"
                  label="Erase it"
                  description="Customers, contacts, scores, decisions, messages and their history are deleted here for good; nobody can bring them back."
                />
              </Stack>
            </Radio.Group>
          )}
          {erasing && (
            <Text mb="md">
              {gone &&
                'Customers, contacts, scores, decisions, messages and their history are deleted here for good. '}
              Whoever said no is still not written to: that is kept as keyed hashes of addresses. What was
              spent stays in the budget, without names. What Holdfast wrote into {where} stays there, and so
              do your backups.
            </Text>
          )}
          <TextInput
            label={`Write its name to confirm: ${name}`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
            error={leave.error?.message}
          />
          <Group justify="flex-end" mt="lg">
            <Button variant="default" onClick={modal.close}>
              Leave it
            </Button>
            <Button type="submit" color="red" disabled={typed !== name} loading={leave.busy}>
              {gone ? 'Erase it' : erasing ? 'Disconnect and erase' : 'Disconnect and keep'}
            </Button>
          </Group>
        </form>
      </Modal>
    </>
  )
}

function Erased({ erasure }: { readonly erasure: NonNullable<ConnectionDetail['erasure']> }) {
  const words = useWords()
  const { gone, customers, doneAt } = erasure
  if (doneAt !== null)
    return (
      <Section title="Erased">
        <p className="second">
          What was known of {words.many(gone, 'customer', 'customers')} was erased <When at={doneAt} />. The
          same account can be connected again, and begins anew then.
        </p>
      </Section>
    )
  const most = Math.max(customers, gone)
  return (
    <Section title="Being erased">
      <output className="second">
        {words.count(gone)} of {words.many(most, 'customer', 'customers')} are erased. It goes on by itself,
        also after a restart.
      </output>
      <Progress
        value={most === 0 ? 100 : (gone / most) * 100}
        size={4}
        maw={420}
        mt="sm"
        aria-label="How much is erased"
      />
    </Section>
  )
}
