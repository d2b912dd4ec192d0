/** Everything that is held of somebody as a file, for them: asked for, made and fetched in one go. */
import { Button, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { DataExportAnswer } from '../../../server/api/data-exports.ts'
import { ask } from '../../api/request.ts'
import { saveFile } from '../../api/save-file.ts'
import type { Wanted } from './words.ts'

export function GiveOut({ wanted }: { wanted: Wanted }) {
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const giveOut = async (format: DataExportAnswer['format']) => {
    setBusy(true)
    try {
      const made = await ask<DataExportAnswer>('/v1/data-exports', {
        method: 'POST',
        body: { person: wanted.selector, format },
      })
      await fetchExport(made)
    } catch (error) {
      tell(error)
    } finally {
      setBusy(false)
      await client.invalidateQueries({ queryKey: ['/v1/data-exports'] })
    }
  }
  return (
    <Menu position="bottom-start" width={230}>
      <Menu.Target>
        <Button variant="default" loading={busy}>
          Export what is held
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void giveOut('html')}>As a page that they can read</Menu.Item>
        <Menu.Item onClick={() => void giveOut('json')}>As JSON, for programs</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** Once: whoever fetches it again is refused. */
export async function fetchExport({ id, format }: Pick<DataExportAnswer, 'id' | 'format'>): Promise<void> {
  const day = new Date().toISOString().slice(0, 10)
  await saveFile(`/v1/data-exports/${id}/download`, {}, `holdfast-person-${day}.${format}`)
  notifications.show({
    message: 'The file is saved. It holds all that is known of them: hand it to nobody else.',
    color: 'accent',
  })
}

export function tell(error: unknown): void {
  notifications.show({
    title: 'The file was not made',
    message: error instanceof Error ? error.message : 'Try again in a moment.',
    color: 'red',
    autoClose: 12_000,
  })
}
