/** A file is brought: customers to train on, or a model that was trained elsewhere. */
import { Button, Progress } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { useRead } from '../../api/queries.ts'
import { upload } from '../../api/upload.ts'
import { useWords } from '../../api/frame.ts'
import { FileDrop } from '../../parts/file-drop.tsx'
import { Notice } from '../../parts/notice.tsx'
import type { ModelLine } from '../../words/models.ts'
import type { TrainingFileAnswer, TrainingListAnswer } from '../../../server/api/training.ts'

interface Going {
  readonly file: File
  readonly share: number
}

const isModel = (name: string): boolean => /\.(tar|tgz|tar\.gz)$/i.test(name)

export function BringFile() {
  const words = useWords()
  const [, go] = useLocation()
  const client = useQueryClient()
  const { data } = useRead<TrainingListAnswer>('/v1/training?limit=1')
  const [going, setGoing] = useState<Going | null>(null)
  const [error, setError] = useState<Error | null>(null)
  const stop = useRef<AbortController | null>(null)
  // Who leaves the page brings nothing.
  useEffect(() => () => stop.current?.abort(), [])

  async function bring(file: File): Promise<void> {
    const ending = new AbortController()
    stop.current = ending
    setError(null)
    setGoing({ file, share: 0 })
    const sent = { file, signal: ending.signal, onProgress: (share: number) => setGoing({ file, share }) }
    try {
      if (isModel(file.name)) {
        const { hash } = await upload<ModelLine>({ path: '/v1/models', ...sent })
        await client.invalidateQueries()
        go(`/app/model?model=${hash}`)
      } else {
        const headers = { 'X-File-Name': encodeURIComponent(file.name) }
        const { id } = await upload<TrainingFileAnswer>({ path: '/v1/training/files', headers, ...sent })
        go(`/app/training?file=${id}`)
      }
    } catch (cause) {
      setGoing(null)
      if (!ending.signal.aborted) setError(cause as Error)
    }
  }

  if (going !== null)
    return (
      <div style={PLACE}>
        <p className="strong">{going.file.name}</p>
        <Progress value={going.share * 100} aria-label={`How much of ${going.file.name} is sent`} />
        <p className="note" aria-live="polite">
          {going.share < 1 ? `${words.percent(going.share)} sent` : 'It has arrived and is being read.'}
        </p>
        <Button variant="default" size="xs" onClick={() => stop.current?.abort()} w="fit-content">
          Stop
        </Button>
      </div>
    )
  return (
    <>
      <FileDrop
        label="Choose a file, or drop it here"
        note={`One row a customer, with a column that says who left: CSV, Parquet or .xlsx${data === undefined ? '' : `, up to ${Math.round(data.limits.fileBytes / 2 ** 20)} MB`}. Or a trained model as .tar or .tar.gz. Files are deleted after the training${data === undefined ? '' : `, or after ${words.many(data.limits.keptHours, 'hour')}`}.`}
        accept=".csv,.tsv,.txt,.parquet,.xlsx,.tar,.tgz,.gz,text/csv"
        choose={(file) => void bring(file)}
      />
      {error !== null && (
        <Notice tone="bad" title="The file was not taken">
          {error.message}
        </Notice>
      )}
    </>
  )
}

const PLACE = { display: 'grid', gap: 8, alignContent: 'center', minHeight: 112 } as const
