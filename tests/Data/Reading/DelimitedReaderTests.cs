using System.Text;
using CsCheck;
using DistMtl.Data.Reading;
using DistMtl.Data.Tests.Fixtures;
using DistMtl.Protocol;

namespace DistMtl.Data.Tests.Reading;

public sealed class DelimitedReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a,b\n1,2\n3,4\n")]
    [InlineData("a,b\r\n1,2\r\n3,4")]
    [InlineData("a,b\r1,2\r3,4\r")]
    [InlineData("\uFEFFa,b\n1,2\n\n\n3,4\n\n")]
    [InlineData(" a , b\n1 , 2\n\t3,\"4\" \n")]
    public void Line_ends_blanks_blank_lines_and_a_byte_order_mark_do_not_matter(string text)
    {
        Assert.Equal([["1", "2"], ["3", "4"]], Rows(text));
    }

    [Fact]
    public void A_quoted_cell_may_hold_delimiters_quotes_and_line_ends()
    {
        Assert.Equal(
            [["x,\"y\"\r\nz", ""], ["5\" screen", "\""]],
            Rows("a,b\n\"x,\"\"y\"\"\r\nz\",\n5\" screen, \"\"\"\"\n"));
    }

    [Fact]
    public void A_row_after_a_quoted_line_end_has_its_own_line_number()
    {
        using var reader = Reader("a,b\n\"1\r\n\n1\",x\n\n2,y\n3\n");
        var lines = new List<long>();
        while (reader.Read())
            lines.Add(reader.Line);
        Assert.Equal([2, 6, 7], lines);
    }

    [Fact]
    public void A_hash_does_not_begin_a_comment()
    {
        Assert.Equal([["#1", "2"]], Rows("a,b\n#1,2\n"));
    }

    [Theory]
    [InlineData("1", 1, "the row has 1 cells, the file 2 columns")]
    [InlineData("1,2,3,4", 3, "the row has 4 cells, the file 2 columns")]
    [InlineData("1,\"2\"x", 2, "text follows a closing quote (a quote inside a quoted cell is written twice)")]
    [InlineData("\"1,2", 1, "a quote is opened and never closed")]
    public void A_malformed_row_costs_itself_only(string row, int cell, string problem)
    {
        using var reader = Reader($"a,b\n1,2\n{row}\n3,4\n5,6\n");
        Assert.True(reader.Read() && reader.Problem is null);
        Assert.True(reader.Read());
        Assert.Equal((3, cell, problem), (reader.Line, reader.ProblemCell, reader.Problem));
        Assert.True(reader.Read() && reader.Problem is null);
        Assert.Equal("3", reader[0].ToString());
        Assert.True(reader.Read() && reader.Problem is null);
        Assert.Equal((5, "6"), (reader.Line, reader[1].ToString()));
        Assert.False(reader.Read());
        Assert.False(reader.Read());
    }

    [Fact]
    public void Gzip_is_told_by_its_content()
    {
        using var reader = new DelimitedReader(_folder.WriteGzip("packed.csv", "a\tb\n1\t 2\n"), '\t', null);
        Assert.True(reader.Read());
        Assert.Equal("2", reader[1].ToString());
    }

    [Fact]
    public void Gzip_that_is_cut_off_is_an_error_with_the_file()
    {
        var path = _folder.WriteGzip("packed.csv.gz", string.Concat(Enumerable.Range(0, 5000).Select(i => $"{i * 7919 % 5000},{i}\n")));
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^200]);
        var error = Assert.Throws<JobException>(() =>
        {
            using var reader = new DelimitedReader(path, ',', null);
            while (reader.Read())
            {
            }
        });
        Assert.StartsWith($"{path}: the gzip data are damaged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_name_the_cells_of_a_file_without_header()
    {
        using var reader = new DelimitedReader(_folder.Write("adult.data", "39, State-gov\n50, Private\n"), ',', ["age", "work"]);
        Assert.True(reader.Read());
        Assert.Equal((1, "State-gov"), (reader.Line, reader[1].ToString()));
    }

    [Fact]
    public void An_empty_file_has_neither_columns_nor_rows()
    {
        using var reader = Reader("");
        Assert.Empty(reader.Columns);
        Assert.False(reader.Read());
    }

    [Fact]
    public void A_row_may_be_longer_than_the_buffer()
    {
        var text = new string('x', 100_000);
        Assert.Equal([[text, "1"], ["2", text + "\n" + text]], Rows($"a,b\n{text},1\n2,\"{text}\n{text}\"\n"));
    }

    [Fact]
    public void A_file_without_line_ends_is_refused_before_it_fills_the_memory()
    {
        var path = _folder.Write("noise.bin", new string('x', 5000));
        var error = Assert.Throws<JobException>(() => new DelimitedReader(path, ',', null, bufferChars: 64, maxRowChars: 256));
        Assert.StartsWith($"{path}:1: no end of this line", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_by_the_rules_is_read_back_whatever_the_buffer()
    {
        var cell = OneOf("", "a", "b c", "\"", "\"\"", ",", "\n", "\r\n", "\r", "x\"y,\r\nz", "ü");
        var rows = Gen.Select(cell, cell, Gen.Bool, OneOf("\n", "\r\n", "\r")).List[0, 12];
        Gen.Select(rows, Gen.Int[4, 40]).Sample((written, bufferChars) =>
        {
            var text = new StringBuilder("first,second\n");
            foreach (var (first, second, isQuoted, lineEnd) in written)
                text.Append(Written(first, isQuoted)).Append(',').Append(Written(second, isQuoted)).Append(lineEnd);
            using var reader = new DelimitedReader(_folder.Write("random.csv", text.ToString()), ',', null, bufferChars);
            var line = 2L;
            foreach (var (first, second, _, lineEnd) in written)
            {
                Assert.True(reader.Read());
                Assert.Null(reader.Problem);
                Assert.Equal((line, first, second), (reader.Line, reader[0].ToString(), reader[1].ToString()));
                line += 1 + LineEnds(first) + LineEnds(second);
            }
            Assert.False(reader.Read());
        }, iter: 1000, threads: 1);
    }

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static string Written(string cell, bool isQuoted) =>
        isQuoted || cell.AsSpan().ContainsAny("\",\r\n") ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;

    private static int LineEnds(string cell) => cell.ReplaceLineEndings("\n").Count(c => c == '\n');

    private List<string[]> Rows(string text)
    {
        using var reader = Reader(text);
        Assert.Equal(["a", "b"], reader.Columns);
        var rows = new List<string[]>();
        while (reader.Read())
        {
            Assert.Null(reader.Problem);
            rows.Add([reader[0].ToString(), reader[1].ToString()]);
        }
        return rows;
    }

    private DelimitedReader Reader(string text) => new(_folder.Write("rows.csv", text), ',', null);
}
