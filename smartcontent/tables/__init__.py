"""Spreadsheets as people send and open them: CSV and XLSX, read and written; of plain values."""
