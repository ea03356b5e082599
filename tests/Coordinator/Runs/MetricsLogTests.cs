using System.Text.Json;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Tests.Runs;

public sealed class MetricsLogTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    private string LogPath => _scratch.PathOf("metrics.jsonl");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_step_and_an_evaluation_are_a_line_each()
    {
        using (var log = MetricsLog.Create(LogPath))
        {
            log.On(SomeRun.Started());
            log.On(SomeRun.Step(1, 1.23456, click: 0.5, purchase: null));
            log.On(new Notice(1.3, "not a metric"));
            log.On(SomeRun.Evaluation(1, 2));
        }

        Assert.Equal(
        [
            """{"kind":"step","seconds":1.235,"step":1,"epoch":1,"losses":{"click":0.5,"purchase":null},"weights":{"click":1,"purchase":0.87},"rows":1024,"rowsPerSecond":41200.4,"workers":2}""",
            """{"kind":"evaluation","seconds":2,"step":1,"epoch":1,"split":"validation","tasks":{"click":{"auc":0.78,"logLoss":0.41,"accuracy":0.9,"calibration":null},"purchase":{"auc":null,"logLoss":0.41,"accuracy":0.9,"calibration":null}},"constant":{"click":{"auc":0.5,"logLoss":0.45,"accuracy":0.86,"calibration":1},"purchase":{"auc":0.5,"logLoss":0.45,"accuracy":0.86,"calibration":1}},"labels":{"click":12000,"purchase":12000},"composite":0.78,"isBest":true}""",
        ],
        File.ReadAllLines(LogPath));
    }

    [Fact]
    public void A_line_can_be_read_while_the_run_goes_on()
    {
        using var log = MetricsLog.Create(LogPath);
        log.On(SomeRun.Started());
        log.On(SomeRun.Step(1, 1));

        using var reader = new StreamReader(new FileStream(LogPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        Assert.EndsWith("}\n", reader.ReadToEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_resumed_run_drops_later_steps_and_a_torn_line_and_appends()
    {
        using (var log = MetricsLog.Create(LogPath))
        {
            log.On(SomeRun.Started());
            foreach (var step in Enumerable.Range(1, 5))
                log.On(SomeRun.Step(step, step));
            log.On(SomeRun.Evaluation(3, 3.5));
            log.On(SomeRun.Evaluation(5, 5.5));
        }
        File.AppendAllText(LogPath, """{"kind":"step","step":2,"ep""");

        using (var log = MetricsLog.Resume(LogPath, 3))
        {
            log.On(SomeRun.Started(firstStep: 3));
            log.On(SomeRun.Step(4, 9));
        }

        var lines = File.ReadAllLines(LogPath).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(
            ["step 1", "step 2", "step 3", "evaluation 3", "step 4"],
            lines.Select(line => $"{line.GetProperty("kind").GetString()} {line.GetProperty("step").GetInt32()}"));
        Assert.Equal(9, lines[^1].GetProperty("seconds").GetDouble());
    }

    [Fact]
    public void A_run_that_resumes_without_a_log_begins_one()
    {
        using (var log = MetricsLog.Resume(LogPath, 3))
        {
            log.On(SomeRun.Started(firstStep: 3));
            log.On(SomeRun.Step(4, 9));
        }

        Assert.Single(File.ReadAllLines(LogPath));
    }
}
