namespace DistMtl.Coordinator.Training;

/// <summary>Time since a run began.</summary>
internal sealed class RunClock(TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();

    public TimeProvider Time => time;

    public double Seconds => time.GetElapsedTime(_began).TotalSeconds;
}
