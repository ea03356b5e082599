using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Data.Reading;

/// <summary>
/// One file as a stream of rows, a row as cells of text without their outer blanks. A cell is valid until the next
/// <see cref="Read"/>. A row that is no row of this file (see <see cref="Problem"/>) is delivered too: the caller counts it.
/// </summary>
internal abstract class RowReader : IDisposable
{
    /// <summary>Between the values of a list cell (<see cref="IsList"/>): the unit separator, which no text holds.</summary>
    public const char ListSeparator = '\u001F';

    protected RowReader(string path) => Path = path;

    public string Path { get; }

    /// <summary>Names in file order; none for a file without any row.</summary>
    public IReadOnlyList<string> Columns { get; protected set; } = [];

    /// <summary>Where the current row begins: the line of a text file, the row's number in a Parquet file; both from 1.</summary>
    public long Line { get; protected set; }

    /// <summary>Why the current row is not one; null: it has a cell for each column.</summary>
    public string? Problem { get; protected set; }

    /// <summary>The cell, from 1, that <see cref="Problem"/> speaks of.</summary>
    public int ProblemCell { get; protected set; }

    /// <summary>Goes to the next row; false at the end.</summary>
    public abstract bool Read();

    /// <summary>Text of a cell; empty for a null.</summary>
    public abstract ReadOnlySpan<char> this[int column] { get; }

    /// <summary>Whether the file itself says that there is no value (Parquet only).</summary>
    public virtual bool IsNull(int column) => false;

    /// <summary>Whether the cells of this column are lists, their values joined by <see cref="ListSeparator"/>.</summary>
    public virtual bool IsList(int column) => false;

    public abstract void Dispose();

    /// <param name="columns">Names of the columns of a text file without a header; null: its first row is the header.</param>
    /// <exception cref="JobException">The file can't be opened, or is not of this format.</exception>
    public static RowReader Open(string path, DataFormat format, IReadOnlyList<string>? columns)
    {
        try
        {
            return format switch
            {
                DataFormat.Csv => new DelimitedReader(path, ',', columns),
                DataFormat.Tsv => new DelimitedReader(path, '\t', columns),
                DataFormat.Parquet => new ParquetRowReader(path),
                _ => throw new ArgumentOutOfRangeException(nameof(format)),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JobException($"{path}: can't be read: {e.Message}", inner: e);
        }
    }
}
