import { defineChange, routes } from 'holdfast/versioning'

export const paymentsToTransfers = defineChange({
  id: 'payments-to-transfers',
  in: '2025-09-01',
  summary: 'What was called a payment is a transfer.',
  on: routes('POST /transfers', 'GET /transfers', 'GET /transfers/:id', 'POST /transfers/:id/reverse'),
  paths: { '/payments': '/transfers' },
})
