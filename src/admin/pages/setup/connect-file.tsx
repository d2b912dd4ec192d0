/** Connecting a customer file: it is brought to the server, looked at there, and connected. */
import { FileInput, Progress } from '@mantine/core'
import { useRef, useState } from 'react'
import { upload } from '../../api/upload.ts'
import { Notice } from '../../parts/notice.tsx'
import type { ConnectProps } from './connect-step.tsx'
import { Looking } from './looking.tsx'

interface Brought {
  readonly id: string
  readonly name: string
  readonly bytes: number
}

export function FileForm(props: ConnectProps) {
  const [file, setFile] = useState<File | null>(null)
  const [brought, setBrought] = useState<Brought | null>(null)
  const [share, setShare] = useState<number | null>(null)
  const [failed, setFailed] = useState<string | null>(null)
  const breaking = useRef<AbortController>(null)
  const bring = (chosen: File | null) => {
    setFile(chosen)
    setBrought(null)
    setFailed(null)
    setShare(chosen === null ? null : 0)
    breaking.current?.abort()
    if (chosen === null) return
    const { signal } = (breaking.current = new AbortController())
    upload<Brought>({
      path: `/v1/setup/files?name=${encodeURIComponent(chosen.name)}`,
      file: chosen,
      headers: { 'Content-Type': 'application/octet-stream' },
      signal,
      onProgress: setShare,
    })
      .then(setBrought, (error: Error) => signal.aborted || setFailed(error.message))
      .finally(() => signal.aborted || setShare(null))
  }
  return (
    <Looking
      {...props}
      wanted={{ kind: 'file', file: brought?.id ?? '' }}
      ready={brought !== null}
      of={brought?.id ?? ''}
    >
      <FileInput
        label="Customer file"
        description="One customer a row, with a line of headings. CSV, Parquet or Excel (.xlsx)."
        placeholder="Choose a file"
        accept=".csv,.tsv,.txt,.parquet,.xlsx"
        value={file}
        onChange={bring}
        clearable
        maw={460}
        error={failed}
      />
      {share !== null && (
        <Progress value={share * 100} size={4} maw={460} mt="xs" aria-label="How much is there" />
      )}
      {failed !== null && file !== null && (
        <Notice tone="bad" title="The file was not brought">
          {failed} Choose it again to try once more.
        </Notice>
      )}
    </Looking>
  )
}
