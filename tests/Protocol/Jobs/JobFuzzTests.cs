using CsCheck;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Protocol.Tests.Jobs;

public sealed class JobFuzzTests
{
    private static readonly Gen<string> Piece = Gen.OneOf(
        "\t", "\n", "\r", " ", "  ", "{", "}", "[", "]", ":", ": ", ",", "- ", "*", "&a ", "!", "|", ">", "'", "\"", "#", " #", "%", "@", "`", "?", "? ",
        "---\n", "...\n", "~", "null", ".inf", "-1", "1e309", "<<: ", "\0", "\uD800", "\u2028", "ü", "name", "item");

    /// <summary>Whatever a file holds: a job without problems, or problems without a job, each with its place; never an exception.</summary>
    [Fact]
    public void A_damaged_file_gives_a_job_or_problems_and_nothing_else() =>
        Gen.Select(Gen.Int[0, TestJob.Text.Length], Gen.Int[0, 8], Piece).Array[1, 4].Sample(
            damages => AssertSound(TestJob.Read(damages.Aggregate(TestJob.Text, Damage))), iter: 200);

    [Fact]
    public void A_damaged_override_gives_a_job_or_problems_and_nothing_else() =>
        Gen.Select(Gen.OneOf("data.train", "tasks[0].label", "features.item", "model.tower[0]", "training.earlyStopping.metric.click.auc", "seed"), Piece, Piece, Piece)
            .Sample((key, a, b, c) => AssertSound(TestJob.Read(TestJob.Text, $"{key}{a}={b}{c}", $"{key}={c}{a}")), iter: 200);

    private static string Damage(string text, (int At, int Cut, string Piece) damage)
    {
        var at = Math.Min(damage.At, text.Length);
        return string.Concat(text.AsSpan(0, at), damage.Piece, text.AsSpan(Math.Min(at + damage.Cut, text.Length)));
    }

    private static void AssertSound(JobReading reading)
    {
        Assert.Equal(reading.Problems.Count == 0, reading.Job is not null);
        Assert.All(reading.Problems, problem =>
        {
            Assert.DoesNotContain('\n', problem.ToString());
            Assert.Equal(problem.File == TestJob.Name, problem.Line > 0);
            Assert.Equal(problem.Line > 0, problem.Column > 0);
        });
        if (reading.Job is { } job)
            Assert.Equal(JobFileWriter.Write(job), JobFileWriter.Write(TestJob.Valid(JobFileWriter.Write(job))));
    }
}
