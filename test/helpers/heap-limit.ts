/** Whether a thread dies where its heap outgrows `resourceLimits`: seen on Node 20; on 26.10 it went on to several times as much. */
export const KEEPS_HEAP_LIMIT = Number(process.versions.node.split('.')[0]) < 26
