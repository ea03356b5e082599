namespace DistMtl.Protocol;

/// <summary>What the commands exit with; the README's table says the same.</summary>
public enum ExitCode
{
    Success = 0,

    /// <summary>An error of the program or its surroundings that no better code names.</summary>
    Failure = 1,

    /// <summary>Bad input: job file, data, command line. Nothing was started.</summary>
    BadInput = 2,

    /// <summary>Training could not go on: a loss that is not finite, too many bad rows.</summary>
    TrainingFailed = 3,

    /// <summary>A worker or the coordinator was lost, or did not answer before its deadline.</summary>
    ClusterLost = 4,

    /// <summary>Another coordinator is at work, or this one was cut off from the cluster: it has stopped itself.</summary>
    CutOff = 5,

    /// <summary>What a run leaves could not be written, however often it was tried: the disk is full or has an error, or the job store is down. <c>--resume</c> goes on from the last checkpoint.</summary>
    StorageFailed = 6,

    /// <summary>Ctrl-C or SIGTERM; a checkpoint was written, <c>--resume</c> goes on from it.</summary>
    Interrupted = 130,
}
