using System.Buffers;
using System.Runtime.InteropServices;
using DistMtl.Protocol;

namespace DistMtl.Data.Reading;

/// <summary>
/// Reads CSV (RFC 4180) and TSV. Beyond the RFC: blanks around a cell and before its opening quote are dropped (UCI's files
/// separate by ", "), blank lines are skipped, LF, CR LF and CR end a row, a quote inside an unquoted cell is a character.
/// A malformed quote costs the one line on which its row begins, and reading goes on at the next line: the CSV libraries at
/// hand either stop for good there or swallow the file up to the next quote, and neither lets bad rows be counted.
/// </summary>
internal sealed class DelimitedReader : RowReader
{
    private const int InitialBufferChars = 1 << 16;

    /// <summary>A row longer than this has an opening quote that is never closed.</summary>
    private const int MaxRowChars = 1 << 24;

    private readonly TextSource _source;
    private readonly char _delimiter;
    private readonly SearchValues<char> _cellEnds;
    private readonly int _maxRowChars;
    private readonly List<Cell> _cells = [];
    private char[] _buffer;
    private int _next;
    private int _end;
    private bool _sourceIsAtEnd;
    private long _nextLine = 1;

    /// <param name="bufferChars">Small in tests, so that rows cross its borders.</param>
    public DelimitedReader(string path, char delimiter, IReadOnlyList<string>? columns, int bufferChars = InitialBufferChars, int maxRowChars = MaxRowChars)
        : base(path)
    {
        _delimiter = delimiter;
        _cellEnds = SearchValues.Create(delimiter, '\n', '\r');
        _buffer = new char[bufferChars];
        _maxRowChars = maxRowChars;
        _source = new TextSource(path);
        if (columns is not null)
        {
            Columns = columns;
        }
        else if (ReadRow())
        {
            if (Problem is not null)
                throw new JobException($"{path}:{Line}:{ProblemCell}: the header can't be read: {Problem}");
            var header = new string[_cells.Count];
            for (var i = 0; i < header.Length; i++)
                header[i] = this[i].ToString();
            Columns = header;
        }
    }

    public override ReadOnlySpan<char> this[int column]
    {
        get
        {
            var cell = _cells[column];
            return _buffer.AsSpan(cell.Start, cell.Length);
        }
    }

    public override bool Read()
    {
        if (!ReadRow())
            return false;
        if (Problem is null && _cells.Count != Columns.Count)
        {
            ProblemCell = Math.Min(_cells.Count, Columns.Count + 1);
            Problem = $"the row has {_cells.Count} cells, the file {Columns.Count} columns";
        }
        return true;
    }

    public override void Dispose() => _source.Dispose();

    /// <summary>Goes to the next line that is not blank.</summary>
    private bool ReadRow()
    {
        do
        {
            Problem = null;
            while (!TryParseRow())
            {
                if (_next == _end && _sourceIsAtEnd)
                    return false;
                Fill();
            }
        } while (_cells.Count == 0);
        foreach (ref var cell in CollectionsMarshal.AsSpan(_cells))
        {
            if (cell.HasDoubledQuotes)
                cell = cell with { Length = UndoubleQuotes(_buffer.AsSpan(cell.Start, cell.Length)) };
        }
        return true;
    }

    /// <summary>Parses the row at <see cref="_next"/>; false, with nothing changed, when more characters are needed.</summary>
    private bool TryParseRow()
    {
        _cells.Clear();
        if (_next == _end)
            return false;
        var at = _next;
        var linesInQuotes = 0;
        while (true)
        {
            var start = SkipBlanks(at);
            Cell cell;
            if (start < _end && _buffer[start] == '"')
            {
                if (!TryParseQuoted(start, out cell, out at, ref linesInQuotes))
                    return Problem is null ? false : TryEndBadRow();
            }
            else
            {
                var length = _buffer.AsSpan(start, _end - start).IndexOfAny(_cellEnds);
                if (length < 0 && !_sourceIsAtEnd)
                    return false;
                at = length < 0 ? _end : start + length;
                cell = new Cell(start, TrimmedLength(start, at));
            }
            _cells.Add(cell);
            if (at < _end && _buffer[at] == _delimiter)
            {
                at++;
                continue;
            }
            if (!TrySkipLineEnd(ref at))
                return false;
            var isBlankLine = _cells is [{ Length: 0, IsQuoted: false }];
            if (isBlankLine)
                _cells.Clear();
            Line = _nextLine;
            _nextLine += 1 + linesInQuotes;
            _next = at;
            return true;
        }
    }

    /// <summary>False: more characters are needed, or, with <see cref="RowReader.Problem"/> set, the quotes are malformed.</summary>
    private bool TryParseQuoted(int start, out Cell cell, out int at, ref int lines)
    {
        cell = default;
        at = start + 1;
        var quotesInside = 0;
        while (true)
        {
            var length = _buffer.AsSpan(at, _end - at).IndexOf('"');
            if (length < 0)
            {
                if (_sourceIsAtEnd || _end - _next >= _maxRowChars)
                    SetQuoteProblem("a quote is opened and never closed");
                return false;
            }
            at += length + 1;
            if (at == _end && !_sourceIsAtEnd)
                return false;
            if (at == _end || _buffer[at] != '"')
                break;
            quotesInside++;
            at++;
        }
        var contentEnd = at - 1;
        at = SkipBlanks(at);
        if (at == _end && !_sourceIsAtEnd)
            return false;
        if (at < _end && _buffer[at] != _delimiter && _buffer[at] is not ('\n' or '\r'))
        {
            SetQuoteProblem("text follows a closing quote (a quote inside a quoted cell is written twice)");
            return false;
        }
        if (at == _end - 1 && _buffer[at] == '\r' && !_sourceIsAtEnd)
            return false;
        lines += CountLines(_buffer.AsSpan(start, contentEnd - start));
        cell = new Cell(start + 1, contentEnd - start - 1, IsQuoted: true, quotesInside > 0);
        return true;
    }

    private void SetQuoteProblem(string problem)
    {
        Problem = problem;
        ProblemCell = _cells.Count + 1;
    }

    /// <summary>Ends a malformed row at the end of its first line, so that no good row after it is lost.</summary>
    private bool TryEndBadRow()
    {
        var length = _buffer.AsSpan(_next, _end - _next).IndexOfAny('\n', '\r');
        var at = length < 0 ? _end : _next + length;
        if (!TrySkipLineEnd(ref at))
        {
            Problem = null;
            return false;
        }
        Line = _nextLine++;
        _next = at;
        _cells.Add(default);
        return true;
    }

    /// <summary>Steps over LF, CR LF or CR, or stays at the end of the file; false when more characters are needed.</summary>
    private bool TrySkipLineEnd(ref int at)
    {
        if (at < _end && _buffer[at] == '\n')
        {
            at++;
            return true;
        }
        if (at < _end && _buffer[at] == '\r')
        {
            if (at + 1 == _end && !_sourceIsAtEnd)
                return false;
            at += at + 1 < _end && _buffer[at + 1] == '\n' ? 2 : 1;
            return true;
        }
        return _sourceIsAtEnd;
    }

    /// <summary>Moves the begun row to the buffer's front, doubles the buffer when the row fills it, and reads on.</summary>
    private void Fill()
    {
        var kept = _end - _next;
        if (kept >= 4L * _maxRowChars)
            throw new JobException($"{Path}:{_nextLine}: no end of this line within {kept} characters: is this a text file with one row per line?");
        var target = kept > _buffer.Length / 2 ? new char[_buffer.Length * 2] : _buffer;
        _buffer.AsSpan(_next, kept).CopyTo(target);
        _buffer = target;
        _next = 0;
        var wanted = _buffer.Length - kept;
        var got = _source.Read(_buffer.AsSpan(kept, wanted));
        _end = kept + got;
        _sourceIsAtEnd = got < wanted;
    }

    private int SkipBlanks(int at)
    {
        while (at < _end && IsBlank(_buffer[at]))
            at++;
        return at;
    }

    private int TrimmedLength(int start, int end)
    {
        while (end > start && IsBlank(_buffer[end - 1]))
            end--;
        return end - start;
    }

    private bool IsBlank(char c) => c == ' ' || (c == '\t' && _delimiter != '\t');

    private static int UndoubleQuotes(Span<char> text)
    {
        var length = 0;
        for (var at = 0; at < text.Length; at++)
        {
            text[length++] = text[at];
            if (text[at] == '"')
                at++;
        }
        return length;
    }

    private static int CountLines(ReadOnlySpan<char> text)
    {
        var lines = text.Count('\n');
        for (var rest = text; rest.IndexOf('\r') is >= 0 and var at; rest = rest[(at + 1)..])
        {
            if (at + 1 == rest.Length || rest[at + 1] != '\n')
                lines++;
        }
        return lines;
    }

    private readonly record struct Cell(int Start, int Length, bool IsQuoted = false, bool HasDoubledQuotes = false);
}
