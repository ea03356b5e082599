using DistMtl.Coordinator.Training;

namespace DistMtl.Coordinator.Tests.Training;

public sealed class WorkerRatesTests
{
    private const int Rows = 100;

    private readonly MovedClock _clock = new();
    private readonly List<string> _notices = [];

    private WorkerRates Rates()
    {
        var rates = new WorkerRates(_clock, _notices.Add);
        rates.Form([("a", [0]), ("b", [1]), ("c", [2])]);
        // Whose first steps are no measure.
        for (var step = 0; step < WorkerRates.WarmUp; step++)
            Step(rates, 1, 1, step == 5 ? 100 : 1);
        return rates;
    }

    [Fact]
    public void A_worker_below_half_the_median_is_slow_and_told_of_once()
    {
        var rates = Rates();
        for (var step = 0; step < WorkerRates.Window - 1; step++)
            Step(rates, 1, 1, 2.1);
        Assert.Empty(_notices);
        for (var step = 0; step < 5; step++)
            Step(rates, 1, 1, 2.1);
        Assert.Equal("worker c is slow: 48 rows/s, less than half the median of 100", Assert.Single(_notices));
        Assert.Equal([false, false, true], rates.Current.Select(worker => worker.IsSlow));
    }

    [Fact]
    public void A_worker_that_becomes_slow_is_told_of_within_ten_steps()
    {
        var rates = Rates();
        for (var step = 0; step < 50; step++)
            Step(rates, 1, 1, 1);
        for (var step = 0; step < 10; step++)
            Step(rates, 1, 1, 4);
        Assert.Single(_notices);
    }

    [Fact]
    public void A_worker_that_is_late_now_and_then_is_not_slow()
    {
        var rates = Rates();
        for (var step = 0; step < 50; step++)
            Step(rates, 1, 1, step % 2 == 0 ? 1 : 9);
        Assert.DoesNotContain(rates.Current, worker => worker.Worker == "a" && worker.IsSlow);
        for (var step = 0; step < 50; step++)
            Step(rates, 1, 1, step % 3 == 0 ? 9 : 1);
        Assert.DoesNotContain(rates.Current, worker => worker.IsSlow);
    }

    [Fact]
    public void A_worker_that_keeps_nobody_waiting_for_a_noticeable_time_is_not_slow()
    {
        var rates = Rates();
        for (var step = 0; step < 50; step++)
            Step(rates, 0.005, 0.005, 0.024);
        Assert.Empty(_notices);
    }

    [Fact]
    public void A_slow_worker_is_no_longer_slow_when_it_keeps_up_across_generations()
    {
        var rates = Rates();
        for (var step = 0; step < WorkerRates.Window; step++)
            Step(rates, 1, 1, 4);
        rates.Form([("a", [0, 1]), ("c", [2])]);
        Assert.Equal([false, true], rates.Current.Select(worker => worker.IsSlow));
        for (var step = 0; step < WorkerRates.WarmUp + WorkerRates.Window + WorkerRates.Recovery; step++)
            Step(rates, ("a", 1), ("c", 1));
        Assert.Equal("worker c is no longer slow: 100 rows/s, and the median is 100", _notices[^1]);
        Assert.DoesNotContain(rates.Current, worker => worker.IsSlow);
    }

    [Fact]
    public void A_worker_that_is_slow_by_turns_is_told_of_once()
    {
        var rates = Rates();
        for (var step = 0; step < 200; step++)
            Step(rates, 1, 1, step % WorkerRates.Recovery < WorkerRates.Window ? 4 : 1);
        Assert.Equal("worker c is slow: 25 rows/s, less than half the median of 100", Assert.Single(_notices));
    }

    [Fact]
    public void A_step_may_take_many_medians_but_not_less_than_seconds_nor_more_than_the_job_says()
    {
        var most = TimeSpan.FromSeconds(120);
        Assert.Equal(most, new WorkerRates(_clock, _notices.Add).DeadlineOf(most));
        // One step that stands out is no measure.
        var rates = Rates();
        Assert.Equal(TimeSpan.FromSeconds(20), rates.DeadlineOf(most));
        Assert.Equal(TimeSpan.FromSeconds(3), rates.DeadlineOf(TimeSpan.FromSeconds(3)));
        for (var step = 0; step < 40; step++)
            Step(rates, 0.01, 0.01, 0.01);
        Assert.Equal(TimeSpan.FromSeconds(5), rates.DeadlineOf(most));
        for (var step = 0; step < 40; step++)
            Step(rates, 10, 10, 10);
        Assert.Equal(most, rates.DeadlineOf(most));
    }

    private void Step(WorkerRates rates, double a, double b, double c) => Step(rates, ("a", a), ("b", b), ("c", c));

    private void Step(WorkerRates rates, params (string Worker, double Seconds)[] workers)
    {
        rates.BeginStep();
        var passed = 0.0;
        foreach (var (worker, seconds) in workers.OrderBy(worker => worker.Seconds))
        {
            _clock.Move(TimeSpan.FromSeconds(seconds - passed));
            passed = seconds;
            rates.Add(worker, Rows);
        }
        rates.EndStep();
    }
}
