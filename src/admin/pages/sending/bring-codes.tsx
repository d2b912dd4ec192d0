/** Codes for offers out of a file, into a pool that is there or a new one. */
import { Autocomplete, Button, FileInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useWords } from '../../api/frame.ts'
import { upload } from '../../api/upload.ts'
import { Dialog } from '../../parts/dialog.tsx'

interface Imported {
  readonly added: number
  readonly known: number
}

/** @param pools that are there or that the settings name */
export function BringCodes({ pools }: { pools: readonly string[] }) {
  const words = useWords()
  const client = useQueryClient()
  const [opened, setOpened] = useState(false)
  const [pool, setPool] = useState(pools.length === 1 ? pools[0] : '')
  const [file, setFile] = useState<File | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<Error | null>(null)
  const breaking = useRef<AbortController>(null)
  const close = () => {
    breaking.current?.abort()
    setOpened(false)
    setError(null)
  }
  const bring = async () => {
    if (file === null) return
    const { signal } = (breaking.current = new AbortController())
    setBusy(true)
    setError(null)
    try {
      const { added, known } = await upload<Imported>({
        path: `/v1/offer-pools/${encodeURIComponent(pool)}/codes`,
        file,
        headers: { 'Content-Type': 'text/csv' },
        signal,
        onProgress: () => undefined,
      })
      const already = known === 0 ? '' : ` ${words.many(known, 'was', 'were')} there already.`
      notifications.show({
        message: `${words.many(added, 'code')} came into ${pool}.${already}`,
        color: 'accent',
      })
      await client.invalidateQueries()
      setFile(null)
      setOpened(false)
    } catch (cause) {
      if (!signal.aborted) setError(cause instanceof Error ? cause : new Error(String(cause)))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Button variant="default" size="xs" onClick={() => setOpened(true)}>
        Bring in codes
      </Button>
      <Dialog
        opened={opened}
        title="Bring in codes"
        label="Bring them in"
        busy={busy}
        disabled={file === null || pool.trim() === ''}
        error={error}
        close={close}
        submit={() => void bring()}
      >
        <Autocomplete
          label="Pool"
          description="As the settings of offers call it: small letters, digits, - and _."
          data={[...pools]}
          value={pool}
          onChange={setPool}
          required
          withAsterisk={false}
        />
        <FileInput
          label="File"
          description="A code a line, or the columns code and valid_until. A wrong line brings nothing in; codes that are known stay as they are."
          placeholder="Choose a file"
          accept=".csv,.txt"
          value={file}
          onChange={setFile}
          clearable
        />
      </Dialog>
    </>
  )
}
