/** The frame's facts as they are now; as the page came with them until asked anew. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { FrameAnswer } from '../../server/api/frame.ts'
import { bootFrame } from '../boot.ts'
import { plainFormats, type PlainFormats } from '../words/formats.ts'
import { ask } from './request.ts'

const PATH = '/v1/frame'
/** Milliseconds after which what others did shows at the latest. */
const EVERY_MS = 30_000

export const useFrame = (): FrameAnswer => useReadFrame().data

function useReadFrame() {
  return useQuery({
    queryKey: [PATH],
    queryFn: ({ signal }) => ask<FrameAnswer>(PATH, { signal }),
    initialData: bootFrame,
    staleTime: EVERY_MS,
    refetchInterval: EVERY_MS,
  })
}

/** Whether one may press what needs this role. */
export function useMay(role: FrameAnswer['person']['role']): boolean {
  return ROLES.indexOf(useFrame().person.role) >= ROLES.indexOf(role)
}

const ROLES = ['viewer', 'operator', 'admin'] as const

export interface Words extends PlainFormats {
  /** An action by its key as the admin named it. */
  action(key: string): string
}

/**
 * Numbers, money, times and names of actions in words.
 *
 * @example
 * const words = useWords()
 * words.money(41230, 'EUR') // '€412'
 */
export function useWords(): Words {
  const {
    data: { zone, actions },
    dataUpdatedAt,
  } = useReadFrame()
  return useMemo(() => {
    // Moments are told anew with each reading: "2 min ago" grows older on a page that stays open.
    const plain = plainFormats({ now: new Date(dataUpdatedAt), zone })
    return {
      ...plain,
      // What happened since the reading is over already, and not "in a moment".
      ago: (date) =>
        plain.ago(
          date.getTime() > dataUpdatedAt && date.getTime() <= Date.now() ? new Date(dataUpdatedAt) : date,
        ),
      action: (key) => actions.find((one) => one.key === key)?.name ?? key.replaceAll('_', ' '),
    }
  }, [zone, actions, dataUpdatedAt])
}
