using DistMtl.Coordinator.Runs;
using DistMtl.Protocol;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Tests.Runs;

public sealed class RunDirectoryTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly StoppedClock _clock = new(new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero));

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_run_is_named_after_its_job_and_its_time()
    {
        var run = RunDirectory.Create("census", null, _clock, _scratch.Root);

        Assert.Equal(_scratch.PathOf("census-20260304-050607"), run.Root);
        Assert.True(Directory.Exists(run.Root));
    }

    [Fact]
    public void Two_runs_of_one_second_get_two_folders()
    {
        var first = RunDirectory.Create("census", null, _clock, _scratch.Root);
        var second = RunDirectory.Create("census", null, _clock, _scratch.Root);

        Assert.Equal(first.Root + "-2", second.Root);
    }

    [Fact]
    public void An_empty_folder_is_taken_and_one_with_content_is_refused()
    {
        var output = Directory.CreateDirectory(_scratch.PathOf("out")).FullName;
        Assert.Equal(output, RunDirectory.Create("census", output, _clock).Root);

        File.WriteAllText(Path.Combine(output, "job.yaml"), "");
        var refusal = Assert.Throws<JobException>(() => RunDirectory.Create("census", output, _clock));

        Assert.Contains(output, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("not empty", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.BadInput, refusal.ExitCode);
    }

    [Fact]
    public void A_file_in_the_place_of_the_folder_is_refused()
    {
        File.WriteAllText(_scratch.PathOf("out"), "");

        Assert.Throws<JobException>(() => RunDirectory.Create("census", _scratch.PathOf("out"), _clock));
        Assert.Throws<JobException>(() => RunDirectory.Create("census", _scratch.PathOf("out", "below"), _clock));
    }

    [Fact]
    public void A_folder_without_a_job_is_not_opened_as_a_run()
    {
        Assert.Throws<JobException>(() => RunDirectory.Open(_scratch.Root));
        Assert.Throws<JobException>(() => RunDirectory.Open(_scratch.PathOf("missing")));
    }

    [Fact]
    public void The_summary_has_the_keys_that_users_are_promised()
    {
        var run = RunDirectory.Create("census", _scratch.PathOf("out"), _clock);
        run.WriteSummary(SomeRun.Summary() with { Validation = [SomeRun.Binary("click", null)], Test = [], BestStep = null });

        Assert.Equal(
            """
            {
              "name": "census",
              "status": "completed",
              "steps": 588,
              "epochs": 3,
              "rows": 598569,
              "seconds": 83.25,
              "samplesPerSecond": 41234.5,
              "workers": 2,
              "parametersSha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
              "bestStep": null,
              "validation": {
                "click": {
                  "kind": "binary",
                  "labels": 12000,
                  "auc": null,
                  "logLoss": 0.41,
                  "accuracy": 0.9,
                  "calibration": null,
                  "constant": {
                    "auc": 0.5,
                    "logLoss": 0.45,
                    "accuracy": 0.86,
                    "calibration": 1
                  }
                }
              }
            }

            """.ReplaceLineEndings("\n"),
            File.ReadAllText(run.SummaryPath));
    }

    [Theory]
    [InlineData("completed")]
    [InlineData("earlyStopped")]
    [InlineData("interrupted")]
    [InlineData("failed")]
    public void A_summary_read_back_and_written_again_is_the_same(string status)
    {
        var run = RunDirectory.Create("census", _scratch.PathOf("out"), _clock);
        var error = status == "failed" ? "step 7: the loss of 'click' is not finite" : null;
        run.WriteSummary(SomeRun.Summary(JsonText.FromLowerCamel<RunStatus>(status), error));
        var first = File.ReadAllText(run.SummaryPath);

        run.WriteSummary(run.ReadSummary());

        Assert.Equal(first, File.ReadAllText(run.SummaryPath));
        Assert.Contains($"\"status\": \"{status}\"", first, StringComparison.Ordinal);
        Assert.Equal(error, run.ReadSummary().Error);
        Assert.Equal([run.SummaryPath], Directory.GetFiles(run.Root));
    }

    [Fact]
    public void A_summary_that_is_none_is_an_error_that_names_the_file()
    {
        var run = RunDirectory.Create("census", _scratch.PathOf("out"), _clock);
        File.WriteAllText(run.SummaryPath, """{"name": "census"}""");

        Assert.Contains(run.SummaryPath, Assert.Throws<JobException>(run.ReadSummary).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_write_that_fails_leaves_the_old_file_and_nothing_beside_it()
    {
        var path = _scratch.PathOf("file");
        AtomicFile.WriteText(path, "old");

        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.WriteByte(1);
            throw new InvalidOperationException();
        }));

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_scratch.Root));
    }

    [Fact]
    public void The_hash_of_parameters_is_that_of_their_little_endian_bytes()
    {
        // sha256 of 00 00 80 3f 00 00 00 c0, as sha256sum gives it.
        Assert.Equal(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])),
            ParametersHash.Of([1f, -2f]));
    }
}
