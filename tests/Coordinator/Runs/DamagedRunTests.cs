using DistMtl.Coordinator.Report;
using DistMtl.Coordinator.Runs;
using DistMtl.Coordinator.Training;
using DistMtl.Protocol;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Tests.Runs;

/// <summary>What else lies in a run's folder is damaged, and the run is resumed: it goes on, or says in a line what it cannot read.</summary>
public sealed class DamagedRunTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly RunDirectory _run;
    private readonly Dictionary<string, byte[]> _files;

    public DamagedRunTests()
    {
        File.WriteAllText(_scratch.PathOf("train.csv"), "age,clicked\n1,0\n");
        _run = RunDirectory.Create("census", _scratch.PathOf("run"), TimeProvider.System);
        _run.WriteJob($$"""
            name: census
            data: {train: {{_scratch.PathOf("train.csv")}}}
            features: [{name: age, kind: numeric}]
            tasks: [{name: click, kind: binary, label: clicked}]

            """);
        using (var log = MetricsLog.Create(_run.MetricsPath))
        {
            log.On(SomeRun.Started());
            foreach (var step in Enumerable.Range(1, 6))
            {
                log.On(SomeRun.Step(step, step));
                if (step % 3 == 0)
                    log.On(SomeRun.Evaluation(step, step + 0.5));
            }
        }
        var summary = SomeRun.Summary(RunStatus.Failed, "a reason");
        _run.WriteSummary(summary with { Validation = [.. summary.Validation, SomeRun.Detailed("rating")] });
        _files = new[] { _run.JobPath, _run.MetricsPath, _run.SummaryPath }.ToDictionary(path => path, File.ReadAllBytes);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_damaged_file_of_a_run_is_passed_over_or_named()
    {
        var count = LongTests.Count(600, 10_000);
        var refused = 0;
        for (var seed = 0; seed < count; seed++)
        {
            var random = new Random(seed);
            var struck = _files.Keys.ElementAt(random.Next(_files.Count));
            File.WriteAllBytes(struck, Damage.Of(_files[struck], random));

            // What --resume does before and after the training.
            refused += Try(seed, () => RunStart.Resume(_run, _ => { }));
            refused += Try(seed, () =>
            {
                using var log = MetricsLog.Resume(_run.MetricsPath, 4);
                log.On(SomeRun.Started(firstStep: 4));
                log.On(SomeRun.Step(5, 5));
                log.Complete();
            });
            var last = RunMetrics.Read(_run.MetricsPath).Steps[^1];
            Assert.True(last.Step == 5, $"seed {seed}: the last step is {last.Step}");
            refused += Try(seed, () => HtmlReport.Write(_run));
            foreach (var (path, bytes) in _files)
                File.WriteAllBytes(path, bytes);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{count} damaged: {refused} times refused");
        Assert.InRange(refused, count / 10, count);
    }

    private static int Try(int seed, Action read)
    {
        try
        {
            read();
            return 0;
        }
        catch (JobException e)
        {
            Assert.Equal(ExitCode.BadInput, e.ExitCode);
            return 1;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}", e);
        }
    }
}
