using DistMtl.Protocol;
using Parquet;
using Parquet.Schema;

namespace DistMtl.Data.Reading;

/// <summary>
/// Reads a Parquet file, one row group in memory at a time and of that only the columns that are asked for. Columns are the
/// plain ones and lists of plain values; maps and deeper nesting are left out. Nulls and NaN are nulls; booleans read as 0 and 1.
/// </summary>
internal sealed class ParquetRowReader : RowReader
{
    private readonly FileStream _file;
    private readonly ParquetReader _reader;
    private readonly DataField[] _fields;
    private readonly ParquetColumnText?[] _columns;
    private ParquetRowGroupReader? _group;
    private int _nextGroup;
    private int _row = -1;

    public ParquetRowReader(string path)
        : base(path)
    {
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            // Files are read synchronously, so nothing waits here for another thread.
            _reader = ParquetReader.CreateAsync(_file).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is IOException or ParquetException or InvalidDataException)
        {
            _file.Dispose();
            throw new JobException($"{path}: is not a readable Parquet file ({e.Message})", inner: e);
        }
        _fields = [.. _reader.Schema.DataFields.Where(field => field.MaxRepetitionLevel <= 1)];
        _columns = new ParquetColumnText?[_fields.Length];
        Columns = [.. _fields.Select(NameOf)];
    }

    public override bool Read()
    {
        while (_group is null || _row + 1 >= _group.RowCount)
        {
            if (_nextGroup == _reader.RowGroupCount)
                return false;
            _group?.Dispose();
            _group = _reader.OpenRowGroupReader(_nextGroup++);
            Array.Clear(_columns);
            _row = -1;
        }
        _row++;
        Line++;
        return true;
    }

    public override ReadOnlySpan<char> this[int column] => Column(column)[_row];

    public override bool IsNull(int column) => Column(column).IsNull(_row);

    public override bool IsList(int column) => _fields[column].MaxRepetitionLevel == 1;

    public override void Dispose()
    {
        _group?.Dispose();
        _reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _file.Dispose();
    }

    private ParquetColumnText Column(int column)
    {
        if (_columns[column] is { } loaded)
            return loaded;
        var field = _fields[column];
        try
        {
            using var raw = _group!.ReadRawColumnDataBaseAsync(field, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            return _columns[column] = ParquetColumnText.From(raw, field, checked((int)_group.RowCount));
        }
        catch (Exception e) when (e is IOException or ParquetException or InvalidDataException or NotSupportedException)
        {
            throw new JobException($"{Path}: column '{Columns[column]}' of row group {_nextGroup} can't be read ({e.Message})", inner: e);
        }
    }

    /// <summary>The outer name: what stands between it and the values of a list ("list/element") differs between writers.</summary>
    private static string NameOf(DataField field) =>
        field.MaxRepetitionLevel == 1 ? field.Path.FirstPart! : field.Path.ToString().Replace('/', '.');
}
