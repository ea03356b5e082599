using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Training;

/// <summary>How old the parameters were that updates were computed from, in updates that others had made meanwhile.</summary>
internal sealed class StalenessMeter
{
    private long _updates;
    private long _sum;
    private int _max;

    /// <summary>Null: no update was measured.</summary>
    public StalenessSummary? Summary => _updates == 0 ? null : new StalenessSummary((double)_sum / _updates, _max);

    public void Add(int staleness)
    {
        _updates++;
        _sum += staleness;
        _max = Math.Max(_max, staleness);
    }
}
