using System.Globalization;
using System.Text;
using Parquet.Data;
using Parquet.Schema;

namespace DistMtl.Data.Reading;

/// <summary>One column of one row group as text, so that all formats are read by the same rules.</summary>
internal sealed class ParquetColumnText
{
    private readonly int[] _offsets;
    private readonly bool[] _isNull;
    private char[] _text = new char[1024];
    private int _length;

    private ParquetColumnText(int rows)
    {
        _offsets = new int[rows + 1];
        _isNull = new bool[rows];
    }

    public ReadOnlySpan<char> this[int row] => _text.AsSpan(_offsets[row].._offsets[row + 1]);

    public bool IsNull(int row) => _isNull[row];

    /// <exception cref="NotSupportedException">The column's type has no text form here.</exception>
    public static ParquetColumnText From(RawColumnData raw, DataField field, int rows)
    {
        var text = new ParquetColumnText(rows);
        switch (raw)
        {
            case RawColumnData<ReadOnlyMemory<char>> strings: text.Fill(strings, field, AppendString); break;
            case RawColumnData<ReadOnlyMemory<byte>> bytes: text.Fill(bytes, field, AppendUtf8); break;
            case RawColumnData<bool> flags: text.Fill(flags, field, AppendFlag); break;
            case RawColumnData<double> numbers: text.Fill(numbers, field, AppendDouble); break;
            case RawColumnData<float> numbers: text.Fill(numbers, field, AppendFloat); break;
            case RawColumnData<DateTime> times: text.Fill(times, field, AppendDateTime); break;
            case RawColumnData<DateOnly> dates: text.Fill(dates, field, AppendDate); break;
            case RawColumnData<int> numbers: text.Fill(numbers, field, AppendFormatted); break;
            case RawColumnData<long> numbers: text.Fill(numbers, field, AppendFormatted); break;
            case RawColumnData<uint> numbers: text.Fill(numbers, field, AppendFormatted); break;
            case RawColumnData<ulong> numbers: text.Fill(numbers, field, AppendFormatted); break;
            case RawColumnData<short> numbers: text.Fill(numbers, field, AppendFormatted); break;
            case RawColumnData<ushort> numbers: text.Fill(numbers, field, AppendFormatted); break;
            case RawColumnData<sbyte> numbers: text.Fill(numbers, field, AppendFormatted); break;
            case RawColumnData<byte> numbers: text.Fill(numbers, field, AppendFormatted); break;
            case RawColumnData<decimal> numbers: text.Fill(numbers, field, AppendFormatted); break;
            case RawColumnData<TimeSpan> times: text.Fill(times, field, AppendFormatted); break;
            case RawColumnData<TimeOnly> times: text.Fill(times, field, AppendFormatted); break;
            case RawColumnData<Guid> ids: text.Fill(ids, field, AppendFormatted); break;
            default: throw new NotSupportedException($"values of type {field.ClrType.Name}");
        }
        return text;
    }

    /// <summary>
    /// Dremel's levels: a repetition level of 0 begins a row, a definition level below the greatest is a null (or an empty
    /// list), and only defined values are stored. A level that can only be 0 is not stored either.
    /// </summary>
    private void Fill<T>(RawColumnData<T> raw, DataField field, Func<ParquetColumnText, T, bool> tryAppend)
        where T : struct
    {
        var values = raw.Values;
        var definitions = field.MaxDefinitionLevel > 0 ? raw.DefinitionLevels : default;
        var repetitions = field.MaxRepetitionLevel > 0 ? raw.RepetitionLevels : default;
        var entries = repetitions.IsEmpty ? _isNull.Length : repetitions.Length;
        var row = -1;
        var value = 0;
        var listLength = 0;
        for (var entry = 0; entry < entries; entry++)
        {
            if (repetitions.IsEmpty || repetitions[entry] == 0)
            {
                _offsets[++row] = _length;
                _isNull[row] = true;
                listLength = 0;
            }
            if (!definitions.IsEmpty && definitions[entry] < field.MaxDefinitionLevel)
                continue;
            if (listLength++ > 0)
                Append([RowReader.ListSeparator]);
            if (tryAppend(this, values[value++]))
                _isNull[row] = false;
        }
        _offsets[row + 1] = _length;
    }

    private static bool AppendString(ParquetColumnText text, ReadOnlyMemory<char> value) => text.Append(value.Span.Trim());

    private static bool AppendUtf8(ParquetColumnText text, ReadOnlyMemory<byte> value) =>
        text.Append(Encoding.UTF8.GetString(value.Span).AsSpan().Trim());

    private static bool AppendFlag(ParquetColumnText text, bool value) => text.Append(value ? "1" : "0");

    private static bool AppendDouble(ParquetColumnText text, double value) => !double.IsNaN(value) && AppendFormatted(text, value);

    private static bool AppendFloat(ParquetColumnText text, float value) => !float.IsNaN(value) && AppendFormatted(text, value);

    private static bool AppendDateTime(ParquetColumnText text, DateTime value) =>
        text.Append(value.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture));

    private static bool AppendDate(ParquetColumnText text, DateOnly value) =>
        text.Append(value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    private static bool AppendFormatted<T>(ParquetColumnText text, T value)
        where T : ISpanFormattable
    {
        Span<char> formatted = stackalloc char[64];
        return value.TryFormat(formatted, out var length, default, CultureInfo.InvariantCulture)
            ? text.Append(formatted[..length])
            : text.Append(value.ToString(null, CultureInfo.InvariantCulture));
    }

    private bool Append(ReadOnlySpan<char> characters)
    {
        if (_length + characters.Length > _text.Length)
            Array.Resize(ref _text, Math.Max(_text.Length * 2, _length + characters.Length));
        characters.CopyTo(_text.AsSpan(_length));
        _length += characters.Length;
        return true;
    }
}
