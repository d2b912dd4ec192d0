/**
 * A tree by bins in shared memory, for rows that did not grow it: byte offsets within a node's record. A row
 * goes left where its bin in `column` is below `bin` or equals `also`; `left` and `right` are addresses of
 * records, 0 at a leaf, which has a `value` (f64).
 */
export const NODE = { column: 0, bin: 4, also: 8, left: 12, right: 16, value: 24 } as const
export const NODE_BYTES = 32
